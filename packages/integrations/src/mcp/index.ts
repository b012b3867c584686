import { currentScope } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireBoolean,
  requireKnownOptions,
} from "@hother/cancelable/extending";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { quietly } from "../model/quietly.ts";
import { Connection } from "./connection.ts";
import { asOperation } from "./incoming.ts";
import { sendRequest } from "./outgoing.ts";
import type { Handler, McpPeer } from "./peer.ts";

/** A `Client`, a `Server` or an `McpServer`. */
export interface McpPeerLike {
  connect(transport: Transport): Promise<void>;
  close(): Promise<void>;
}

/** The options of {@link cancellableMcp}. */
export interface CancellableMcpOptions {
  /**
   * Whether the time until the deadline travels with each request, in ms, in the field `x-request-timeout-ms` of its `_meta`:
   * requests carry it, and the handlers of requests that carry it have it as their timeout. Both sides need it. Default: false.
   */
  readonly deadline?: boolean | undefined;
}

const known: KnownOptions<CancellableMcpOptions> = { deadline: 1 };
const followed = new WeakSet<object>();
/** Requests that the protocol does not let a side cancel, or that last no time. */
const plain: readonly string[] = ["initialize", "ping"];

/**
 * Makes the requests of an MCP client or server follow scopes, in both directions. Changes the object, and returns it.
 *
 * A request that is sent in a scope is cancelled with it: the other side gets `notifications/cancelled` with the reason and
 * the message as text, such as `disconnect: the user has left`, and the promise rejects with the error of the scope. Progress
 * of the other side becomes the progress of the current operation. The handler of a request that arrives is an operation,
 * named `tools/call add`, below the scope of `connect()`. The notification cancels it, with the reason from its text; a
 * closed transport cancels it with the reason `disconnect`. Progress that the operation reports is sent as
 * `notifications/progress`.
 *
 * @throws TypeError if `peer` is no client or server, or was passed before, or for a wrong option.
 * @example
 * ```ts
 * import { Client } from "@modelcontextprotocol/sdk/client/index.js";
 * import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
 * import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
 * import { Cancellable, sleepForever } from "@hother/cancelable";
 * import { cancellableMcp } from "@hother/cancelable-integrations/mcp";
 *
 * const op = new Cancellable({ name: "call" });
 * let ended: string | undefined;
 * const server = cancellableMcp(new McpServer({ name: "server", version: "1" }));
 * server.registerTool("wait", { description: "waits" }, async () => {
 *   op.cancel("disconnect");
 *   try {
 *     return await sleepForever();
 *   } catch (error) {
 *     ended = (error as { reason?: string }).reason;
 *     throw error;
 *   }
 * });
 * const client = cancellableMcp(new Client({ name: "client", version: "1" }));
 * const [near, far] = InMemoryTransport.createLinkedPair();
 * await Promise.all([server.connect(far), client.connect(near)]);
 *
 * await op.settle(() => client.callTool({ name: "wait" }));
 * await client.close();
 * console.assert(ended === "disconnect"); // the tool has ended, with the reason of the client
 * ```
 */
export function cancellableMcp<Peer extends McpPeerLike>(peer: Peer, options?: CancellableMcpOptions): Peer {
  const target = requirePeer(peer);
  requireKnownOptions(options, known, "cancellableMcp");
  const { deadline = false } = options ?? {};
  requireBoolean(deadline, "options.deadline");
  followed.add(target);
  const { request, setRequestHandler, connect, transport, _requestHandlers: handlers } = target;

  // The SDK ignores a cancellation of the request 0.
  if (target._requestMessageId === 0) target._requestMessageId = 1;

  let connection = new Connection();
  if (transport !== undefined) connection.watch(transport);
  const wrap = (handler: Handler): Handler => asOperation(handler, () => connection, deadline);
  if (handlers instanceof Map)
    for (const [method, handler] of handlers as Map<string, Handler>)
      if (!plain.includes(method)) handlers.set(method, wrap(handler));

  target.setRequestHandler = (schema, handler) => setRequestHandler.call(target, schema, wrap(handler));
  target.request = (message, schema, its) =>
    quietly(sendRequest((...args) => request.apply(target, args), message, schema, its, deadline));
  target.connect = async (next, ...rest) => {
    currentScope().check();
    connection = new Connection();
    connection.watch(next);
    await connect.call(target, next, ...rest);
  };
  return peer;
}

/** The object that speaks the protocol: of an `McpServer`, its server. */
function requirePeer(peer: unknown): McpPeer {
  const { server = peer } = (peer ?? {}) as { readonly server?: unknown };
  const candidate = server as Partial<McpPeer> | null | undefined;
  for (const method of ["request", "setRequestHandler", "connect"] as const)
    if (typeof candidate?.[method] !== "function")
      throw invalidType("peer", "a Client, a Server or an McpServer of @modelcontextprotocol/sdk", peer);
  if (followed.has(candidate as object))
    throw invalidType("peer", "a client or a server that cancellableMcp has not got before", peer);
  return candidate as McpPeer; // checked above
}
