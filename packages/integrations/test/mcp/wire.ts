import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { onTestFinished } from "vitest";
import { type CancellableMcpOptions, cancellableMcp } from "../../src/mcp/index.ts";

interface Message {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** Records the messages that a transport sends. */
export class Wire {
  readonly sent: Message[] = [];

  constructor(transport: Transport) {
    const send = transport.send.bind(transport);
    transport.send = (message: JSONRPCMessage, options) => {
      this.sent.push(structuredClone(message) as Message);
      return send(message, options);
    };
  }

  /** The parameters of each message of a method. */
  of(method: string): Array<Record<string, unknown> | undefined> {
    return this.sent.filter((message) => message.method === method).map(({ params }) => params);
  }

  /** The answers to requests, errors included. */
  get answers(): Message[] {
    return this.sent.filter(({ method, id }) => method === undefined && id !== undefined);
  }
}

export interface Pair {
  readonly client: Client;
  readonly server: McpServer;
  /** The messages of the client. */
  readonly near: Wire;
  /** The messages of the server. */
  readonly far: Wire;
  connect(): Promise<void>;
}

/** A client and a server in one process, both cancellable, not connected yet. */
export function newPair(options?: CancellableMcpOptions): Pair {
  const client = cancellableMcp(
    new Client({ name: "client", version: "1" }, { capabilities: { sampling: {} } }),
    options,
  );
  const server = cancellableMcp(new McpServer({ name: "server", version: "1" }), options);
  const [nearEnd, farEnd] = InMemoryTransport.createLinkedPair();
  const [near, far] = [new Wire(nearEnd), new Wire(farEnd)];
  onTestFinished(() => client.close());
  return {
    client,
    server,
    near,
    far,
    async connect() {
      await Promise.all([server.connect(farEnd), client.connect(nearEnd)]);
    },
  };
}
