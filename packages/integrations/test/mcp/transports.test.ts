import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  Cancellable,
  type CancellationError,
  type CancelScope,
  failAfter,
  getBackend,
  type Progress,
  sleepForever,
} from "@hother/cancelable";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { expect, onTestFinished, test, vi } from "vitest";
import { cancellableMcp } from "../../src/mcp/index.ts";

const wait = { timeout: 15_000 };

test("over stdio a call is cancelled in the child process, and the end of its input cancels all handlers (LLM-05)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mcp-"));
  const file = join(folder, "seen");
  writeFileSync(file, "");
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines = (): string[] => readFileSync(file, "utf8").split("\n").filter(Boolean);
  const client = cancellableMcp(new Client({ name: "client", version: "1" }), { deadline: true });
  const script = fileURLToPath(new URL("stdio-server.mjs", import.meta.url));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [script, file],
    stderr: "inherit",
  });
  await client.connect(transport);
  onTestFinished(() => client.close());

  const request = () => client.callTool({ name: "wait" });
  const call = async (op: Cancellable, work: () => Promise<unknown> = request) => {
    const progress: Progress[] = [];
    op.onProgress((report) => progress.push(report));
    const ending = op.settle(work);
    await vi.waitFor(() => expect(progress).toHaveLength(1), wait);
    return { ending, progress };
  };
  const first = new Cancellable();
  const { ending } = await call(first);
  first.cancel("disconnect", "the user has left");
  expect((await ending).status).toBe("cancelled");
  await vi.waitFor(() => expect(lines()).toEqual(["disconnect: the user has left"]), wait);

  // The deadline reaches the child, which would end the tool also without a notification.
  let limit!: CancelScope;
  const late = await call(new Cancellable(), () =>
    failAfter(60_000, (scope) => {
      limit = scope;
      return request();
    }),
  );
  expect(late.progress).toMatchObject([{ message: "with a deadline" }]);
  limit.deadline = getBackend().now() + 50;
  expect(await late.ending).toMatchObject({ error: { name: "TimeoutError" } });
  await vi.waitFor(() => expect(lines()[1]).toMatch(/^timeout: /), wait);

  const last = await call(new Cancellable());
  await client.close();
  expect(await last.ending).toMatchObject({ status: "failed", error: { code: -32000 } });
  await vi.waitFor(() => expect(lines()[2]).toBe("disconnect: the connection was closed"), wait);
});

test("over streamable HTTP a call is cancelled in the server, and the end of the session cancels all handlers (LLM-05)", async () => {
  const ends: string[] = [];
  let begun = 0;
  const server = cancellableMcp(new McpServer({ name: "server", version: "1" }));
  server.registerTool("wait", { description: "waits" }, async () => {
    begun++;
    try {
      return await sleepForever();
    } catch (error) {
      ends.push((error as CancellationError).reason);
      throw error;
    }
  });
  const far = new StreamableHTTPServerTransport({ sessionIdGenerator: () => randomUUID() });
  await server.connect(far as Parameters<McpServer["connect"]>[0]);
  const bodies: string[] = [];
  const http = createServer((request, response) => {
    if (request.method !== "POST") return void far.handleRequest(request, response);
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (part: string) => {
      body += part;
    });
    request.on("end", () => {
      bodies.push(body);
      void far.handleRequest(request, response, JSON.parse(body));
    });
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const url = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
  const client = cancellableMcp(new Client({ name: "client", version: "1" }));
  const near = new StreamableHTTPClientTransport(url);
  await client.connect(near as Parameters<Client["connect"]>[0]);
  onTestFinished(() => client.close());

  const op = new Cancellable();
  const ending = op.settle(() => client.callTool({ name: "wait" }));
  await vi.waitFor(() => expect(begun).toBe(1), wait);
  op.cancel("disconnect", "the user has left");
  expect(await ending).toMatchObject({ status: "cancelled", error: op.error });
  await vi.waitFor(() => expect(ends).toEqual(["disconnect"]), wait);
  expect(bodies.filter((body) => body.includes("notifications/cancelled"))).toHaveLength(1);

  const last = client.callTool({ name: "wait" }).catch(() => {});
  await vi.waitFor(() => expect(begun).toBe(2), wait);
  await near.terminateSession();
  await vi.waitFor(() => expect(ends).toEqual(["disconnect", "disconnect"]), wait);
  await client.close();
  await last;
});
