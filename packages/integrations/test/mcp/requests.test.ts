import { getEventListeners } from "node:events";
import { Cancellable, failAfter, getBackend, sleepForever } from "@hother/cancelable";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CreateMessageResultSchema, type McpError } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { cancellableMcp } from "../../src/mcp/index.ts";
import { text, wait, waitingPair } from "./waiting.ts";
import { newPair, Wire } from "./wire.ts";

describe("a request of a client", () => {
  test("is cancelled with its scope: the server gets the reason, and sends no answer (LLM-05)", async () => {
    const { client, tool, near, far } = await waitingPair();
    const op = new Cancellable();
    let thrown: unknown;
    const ending = op.settle(() =>
      client.callTool({ name: "wait" }).catch((error: unknown) => {
        thrown = error;
        throw error;
      }),
    );
    await vi.waitFor(() => expect(tool.begun).toBe(1), wait);
    const answers = far.answers.length;
    op.cancel("disconnect", "the user has left");
    expect((await ending).status).toBe("cancelled");
    expect(thrown).toBe(op.error);
    expect(near.of("notifications/cancelled")).toEqual([
      { requestId: 2, reason: "disconnect: the user has left" },
    ]);
    await vi.waitFor(() => expect(tool.ends).toHaveLength(1), wait);
    expect(tool.ends[0]).toMatchObject({ reason: "disconnect", message: "the user has left" });
    expect(tool.operations[0]?.name).toBe("tools/call wait");
    await vi.waitFor(() => expect(tool.operations[0]?.status).toBe("cancelled"), wait);
    await client.callTool({ name: "quick" }); // after everything that the server would have sent
    expect(far.answers).toHaveLength(answers + 1);
  });

  test("has no answer where the tool swallows the cancellation (LLM-05)", async () => {
    const pair = newPair();
    let end: (() => void) | undefined;
    pair.server.registerTool("stubborn", { description: "answers" }, async () => {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      return text("all the same");
    });
    pair.server.registerTool("quick", { description: "answers" }, () => text("done"));
    await pair.connect();
    const op = new Cancellable();
    const ending = op.settle(() => pair.client.callTool({ name: "stubborn" }));
    await vi.waitFor(() => expect(end).toBeDefined(), wait);
    const answers = pair.far.answers.length;
    op.cancel();
    await ending;
    end?.();
    await pair.client.callTool({ name: "quick" });
    expect(pair.far.answers).toHaveLength(answers + 1);
  });

  test("carries the reason that began a cancellation from above (LLM-05)", async () => {
    const { client, tool, near } = await waitingPair();
    const above = new Cancellable();
    const ending = above.settle(() => new Cancellable().run(() => client.callTool({ name: "wait" })));
    await vi.waitFor(() => expect(tool.begun).toBe(1), wait);
    above.cancel("shutdown", "the service goes down");
    await ending;
    expect(near.of("notifications/cancelled")[0]?.reason).toBe("shutdown: the service goes down");
    await vi.waitFor(() => expect(tool.ends[0]?.reason).toBe("shutdown"), wait);
  });

  test("in a cancelled scope sends nothing (LLM-02)", async () => {
    const { client, near } = await waitingPair();
    const sent = near.sent.length;
    const op = new Cancellable();
    let thrown: unknown;
    await op.settle(() => {
      op.cancel();
      return client.callTool({ name: "wait" }).catch((error: unknown) => {
        thrown = error;
      });
    });
    expect(thrown).toBe(op.error);
    expect(near.sent).toHaveLength(sent);
  });

  test("leaves the other requests alone", async () => {
    const { client, tool, near } = await waitingPair();
    const [a, b] = [new Cancellable(), new Cancellable()];
    const endings = [a, b].map((op) => op.settle(() => client.callTool({ name: "wait" })));
    await vi.waitFor(() => expect(tool.begun).toBe(2), wait);
    a.cancel();
    await endings[0];
    await vi.waitFor(() => expect(tool.ends).toHaveLength(1), wait);
    expect(near.of("notifications/cancelled")).toHaveLength(1);
    expect(b.status).toBe("running");
    b.cancel();
    await endings[1];
  });

  test("by a deadline ends with the timeout, on both sides (LLM-05)", async () => {
    const { client, tool, near } = await waitingPair();
    const error = await failAfter(60_000, async (limit) => {
      const call = client.callTool({ name: "wait" });
      await vi.waitFor(() => expect(tool.begun).toBe(1), wait);
      limit.deadline = getBackend().now() + 50;
      await call;
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: "timeout" });
    expect(near.of("notifications/cancelled")[0]?.reason).toMatch(/^timeout: /);
    await vi.waitFor(() => expect(tool.ends[0]?.reason).toBe("timeout"), wait);
  });

  test("has the deadline of its scope in the place of the 60 s of the SDK", async () => {
    const timeouts: Array<number | undefined> = [];
    class Spy extends Client {
      override request: Client["request"] = (request, schema, options) => {
        if (request.method === "tools/call") timeouts.push(options?.timeout);
        return super.request(request, schema, options);
      };
    }
    const [near, far] = InMemoryTransport.createLinkedPair();
    const server = new McpServer({ name: "server", version: "1" });
    server.registerTool("quick", { description: "answers" }, () => text("done"));
    const client = cancellableMcp(new Spy({ name: "client", version: "1" }));
    await Promise.all([server.connect(far), client.connect(near)]);
    onTestFinished(() => client.close());
    const call = (options?: { timeout?: number }) => client.callTool({ name: "quick" }, undefined, options);
    await failAfter({ minutes: 5 }, () => call());
    await failAfter({ minutes: 5 }, () => call({ timeout: 70_000 }));
    await call();
    expect(timeouts).toEqual([2 ** 31 - 1, 70_000, undefined]);
  });

  test("with a signal of the user sends the text of its reason, never [object Object] (LLM-05)", async () => {
    const { client, tool, near } = await waitingPair();
    for (const [reason, sent] of [
      [{ why: "quota" }, '{"why":"quota"}'],
      [new Error("too late"), "too late"],
      ["the tab was closed", "the tab was closed"],
    ] as const) {
      const controller = new AbortController();
      const begun = tool.begun;
      const call = client
        .callTool({ name: "wait" }, undefined, { signal: controller.signal })
        .catch((error: unknown) => error);
      await vi.waitFor(() => expect(tool.begun).toBe(begun + 1), wait);
      controller.abort(reason);
      const error = (await call) as McpError;
      expect(error).toMatchObject({ code: -32001, cause: reason });
      expect(near.of("notifications/cancelled").at(-1)?.reason).toBe(sent);
      await vi.waitFor(
        () => expect(tool.ends.at(-1)).toMatchObject({ reason: "manual", message: sent }),
        wait,
      );
    }
  });

  test("with a signal of the user that was aborted with null rejects with null, as the SDK does", async () => {
    const { client } = await waitingPair();
    const call = client.callTool({ name: "wait" }, undefined, { signal: AbortSignal.abort(null) });
    expect(await call.catch((error: unknown) => error)).toBe(null);
  });

  test("leaves no listener, and its end cancels nothing on the server", async () => {
    const { client, near } = await waitingPair();
    const controller = new AbortController();
    const op = new Cancellable();
    const ending = op.settle(async () => {
      await client.callTool({ name: "quick" }, undefined, { signal: controller.signal });
      op.cancel();
    });
    await ending;
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    controller.abort();
    expect(near.of("notifications/cancelled")).toEqual([]);
  });

  test("keeps an error of the server", async () => {
    const { client } = await waitingPair();
    const op = new Cancellable();
    expect(await op.settle(() => client.getPrompt({ name: "none" }))).toMatchObject({
      status: "failed",
      error: { code: -32601 },
    });
  });

  test("that is not awaited makes no unhandled rejection", async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listener);
    onTestFinished(() => void process.off("unhandledRejection", listener));
    const { client, tool } = await waitingPair();
    const op = new Cancellable();
    const ending = op.settle(async () => {
      void client.listTools();
      void client.request({ method: "tools/call", params: { name: "wait" } }, CreateMessageResultSchema);
      await sleepForever();
    });
    await vi.waitFor(() => expect(tool.begun).toBe(1), wait);
    op.cancel();
    await ending;
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  test("that begins the session is not cancelled on the wire, as the protocol demands", async () => {
    const [end] = InMemoryTransport.createLinkedPair(); // the other side never answers
    const wire = new Wire(end);
    const client = cancellableMcp(new Client({ name: "client", version: "1" }));
    const error = await failAfter(60_000, async (limit) => {
      const connecting = client.connect(end);
      await vi.waitFor(() => expect(wire.sent).toHaveLength(1), wait);
      limit.deadline = getBackend().now() + 50;
      await connecting;
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: "timeout" });
    expect(wire.sent.map(({ method }) => method)).toEqual(["initialize"]);
  });
});
