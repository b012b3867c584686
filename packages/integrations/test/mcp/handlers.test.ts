import {
  Cancellable,
  type CancellationError,
  currentDeadline,
  currentOperation,
  failAfter,
  getBackend,
  run,
  sleepForever,
} from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CreateMessageRequestSchema, CreateMessageResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { cancellableMcp } from "../../src/mcp/index.ts";
import { text, Waiting, wait, waitingPair } from "./waiting.ts";
import { newPair } from "./wire.ts";

describe("the handler of a request", () => {
  test("is cancelled with reason disconnect when the transport closes, like all others (LLM-05)", async () => {
    const { client, tool } = await waitingPair();
    const calls = [1, 2, 3].map(() => client.callTool({ name: "wait" }).catch((error: unknown) => error));
    await vi.waitFor(() => expect(tool.begun).toBe(3), wait);
    await client.close();
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: -32000 });
    await vi.waitFor(() => expect(tool.ends).toHaveLength(3), wait);
    expect(tool.ends.map(({ reason }) => reason)).toEqual(["disconnect", "disconnect", "disconnect"]);
  });

  test("belongs to the scope of connect(), and not to that of the caller", async () => {
    const pair = newPair();
    const tool = new Waiting();
    pair.server.registerTool("wait", { description: "waits" }, tool.run);
    const service = new Cancellable({ name: "service" });
    const serving = service.settle(async () => {
      await pair.connect();
      await sleepForever();
    });
    const op = new Cancellable({ name: "caller" });
    await vi.waitFor(() => expect(pair.client.getServerVersion()).toBeDefined(), wait);
    const ending = op.settle(() => pair.client.callTool({ name: "wait" }));
    await vi.waitFor(() => expect(tool.begun).toBe(1), wait);
    expect(tool.operations[0]?.parent?.name).toBe("service");
    service.cancel("shutdown");
    // The caller has not cancelled, so it gets an answer.
    expect(await ending).toMatchObject({
      status: "failed",
      error: { code: -32603, data: { reason: "parent" } },
    });
    await serving;
  });

  test("that its own scope cancels answers with the reason", async () => {
    const { client, tool } = await waitingPair();
    const call = client.callTool({ name: "wait" }).catch((error: unknown) => error);
    await vi.waitFor(() => expect(tool.begun).toBe(1), wait);
    tool.operations[0]?.cancel("quota", "too many calls");
    expect(await call).toMatchObject({ code: -32603, data: { reason: "quota" } });
    expect(((await call) as Error).message).toContain("too many calls");
  });

  test("has the deadline of its caller where both sides ask for it (LLM-05)", async () => {
    const left: number[] = [];
    const measure = (): { content: [] } => {
      left.push(currentDeadline() - getBackend().now());
      return { content: [] };
    };
    for (const deadline of [true, false]) {
      const pair = newPair({ deadline });
      pair.server.registerTool("measure", { description: "measures" }, measure);
      await pair.connect();
      await failAfter({ minutes: 2 }, () => pair.client.callTool({ name: "measure" }));
      const [params] = pair.near.of("tools/call");
      const sent = (params?._meta as Record<string, unknown> | undefined)?.["x-request-timeout-ms"];
      expect(typeof sent).toBe(deadline ? "number" : "undefined");
    }
    expect(left[0]).toBeLessThanOrEqual(120_000);
    expect(left[0]).toBeGreaterThan(60_000);
    expect(left[1]).toBe(Number.POSITIVE_INFINITY);
  });

  test("that ends by the deadline first leaves the caller the timeout of its own scope (LLM-05)", async () => {
    const backend = new VirtualBackend({ autoJump: false });
    await run(
      async () => {
        const pair = newPair({ deadline: true });
        pair.server.registerTool("slow", { description: "takes too long" }, () => {
          backend.pass(300); // the timers of the caller have not fired yet
          currentOperation()?.check();
          return text("done");
        });
        await pair.connect();
        const call = failAfter(300, () => pair.client.callTool({ name: "slow" }));
        const thrown = call.catch((error: unknown) => error);
        await vi.waitFor(() => expect(pair.far.answers.at(-1)?.error?.code).toBe(-32001), wait);
        await backend.advance(1);
        expect(await thrown).toMatchObject({ name: "TimeoutError", reason: "timeout" });
      },
      { backend },
    );
  });

  test("takes no deadline that is no time", async () => {
    const pair = newPair({ deadline: true });
    let deadline = 0;
    pair.server.registerTool("measure", { description: "measures" }, () => {
      deadline = currentDeadline();
      return text("done");
    });
    await pair.connect();
    for (const value of ["soon", -1, 0, null]) {
      deadline = 0;
      await pair.client.callTool({ name: "measure", _meta: { "x-request-timeout-ms": value } });
      expect(deadline).toBe(Number.POSITIVE_INFINITY);
    }
  });

  test("maps the texts of other clients to reasons (LLM-05)", async () => {
    const { client, tool } = await waitingPair();
    for (const [reason, expected] of [
      ["timeout", { reason: "timeout" }],
      ["client-left: closed the tab", { reason: "client-left", message: "closed the tab" }],
      ["User pressed: stop", { reason: "manual", message: "User pressed: stop" }],
      ["McpError: MCP error -32001: Request timed out", { reason: "timeout" }],
      [undefined, { reason: "manual" }],
    ] as const) {
      const begun = tool.begun;
      client.callTool({ name: "wait" }).catch(() => {});
      await vi.waitFor(() => expect(tool.begun).toBe(begun + 1), wait);
      const requestId = tool.operations.at(-1)?.context.metadata.requestId as number;
      await client.notification({
        method: "notifications/cancelled",
        params: { requestId, ...(reason !== undefined && { reason }) },
      });
      await vi.waitFor(() => expect(tool.ends).toHaveLength(begun + 1), wait);
      expect(tool.ends.at(-1)).toMatchObject(expected);
    }
  });

  test("cancels its own requests to the client, which cancel the handler there (LLM-05)", async () => {
    const pair = newPair();
    const ends: unknown[] = [];
    let sampling: Cancellable | undefined;
    pair.client.setRequestHandler(CreateMessageRequestSchema, async () => {
      sampling = currentOperation();
      try {
        return await sleepForever();
      } catch (error) {
        ends.push((error as CancellationError).reason);
        throw error;
      }
    });
    pair.server.registerTool("ask", { description: "asks the model" }, async (extra) => {
      const params = { messages: [], maxTokens: 1 };
      await extra.sendRequest({ method: "sampling/createMessage", params }, CreateMessageResultSchema);
      return text("answered");
    });
    await pair.connect();
    const op = new Cancellable();
    const ending = op.settle(() => pair.client.callTool({ name: "ask" }));
    await vi.waitFor(() => expect(sampling?.name).toBe("sampling/createMessage"), wait);
    op.cancel("disconnect", "the user has left");
    await ending;
    await vi.waitFor(() => expect(ends).toEqual(["disconnect"]), wait);
    expect(pair.far.of("notifications/cancelled")).toMatchObject([
      { reason: "disconnect: the user has left" },
    ]);
  });

  test("is an operation also where it was set before cancellableMcp, or where the peer was connected before", async () => {
    const tool = new Waiting();
    const server = new McpServer({ name: "server", version: "1" });
    server.registerTool("wait", { description: "waits" }, tool.run);
    const client = new Client({ name: "client", version: "1" });
    const [near, far] = InMemoryTransport.createLinkedPair();
    await Promise.all([server.connect(far), client.connect(near)]);
    cancellableMcp(server);
    cancellableMcp(client);
    const op = new Cancellable();
    const ending = op.settle(() => client.callTool({ name: "wait" }));
    await vi.waitFor(() => expect(tool.operations[0]?.name).toBe("tools/call wait"), wait);
    op.cancel("quota");
    await ending;
    await vi.waitFor(() => expect(tool.ends[0]?.reason).toBe("quota"), wait);
    const call = client.callTool({ name: "wait" }).catch(() => {});
    await vi.waitFor(() => expect(tool.begun).toBe(2), wait);
    await client.close();
    await call;
    await vi.waitFor(() => expect(tool.ends[1]?.reason).toBe("disconnect"), wait);
  });
});
