import { Cancellable, currentScope } from "@hother/cancelable";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { describe, expect, test } from "vitest";
import { cancellableMcp } from "../../src/mcp/index.ts";
import { Wire } from "./wire.ts";

describe("cancellableMcp", () => {
  test("refuses a value that is no client or server, a client that was passed before, and wrong options", () => {
    // @ts-expect-error no peer
    expect(() => cancellableMcp({})).toThrow(/peer must be a Client, a Server or an McpServer/);
    // @ts-expect-error no peer
    expect(() => cancellableMcp(undefined)).toThrow(/peer must be a Client/);
    const client = new Client({ name: "client", version: "1" });
    // @ts-expect-error unknown option
    expect(() => cancellableMcp(client, { deadlines: true })).toThrow(/did you mean deadline/);
    // @ts-expect-error wrong type
    expect(() => cancellableMcp(client, { deadline: 5 })).toThrow(/options.deadline must be true or false/);
    cancellableMcp(client);
    expect(() => cancellableMcp(client)).toThrow(/has not got before/);
    const server = cancellableMcp(new McpServer({ name: "server", version: "1" }));
    expect(() => cancellableMcp(server.server as never)).toThrow(/has not got before/);
  });

  test("connects nothing in a cancelled scope (LLM-02)", async () => {
    const [end] = InMemoryTransport.createLinkedPair();
    const wire = new Wire(end);
    const client = cancellableMcp(new Client({ name: "client", version: "1" }));
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      op.cancel();
      return client.connect(end);
    });
    expect(outcome.status).toBe("cancelled");
    expect(currentScope().isCancelled).toBe(false);
    expect(wire.sent).toEqual([]);
  });
});
