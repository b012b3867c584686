import type { IncomingMessage } from "node:http";
import { type Cancellable, type CancellationError } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireFunction,
  requireKnownOptions,
} from "@hother/cancelable/extending";
import type { RawData, WebSocket, WebSocketServer } from "ws";
import { readMetadata } from "../http/read-metadata.ts";
import { SocketConnection } from "../http/socket-connection.ts";
import { SocketConnections } from "../http/socket-connections.ts";
import {
  readOption,
  requireSocketOptions,
  type SocketOptions,
  socketOptions,
} from "../http/socket-options.ts";
import { closeQuietly, codeFor, describeClose } from "./close-codes.ts";

export type { CloseOptions, SocketConnections } from "../http/socket-connections.ts";
export type { FailedHandler, SocketOptions } from "../http/socket-options.ts";
export { SocketClosedError } from "./close-codes.ts";
export { type Message, messages, opened } from "./messages.ts";

/** The second argument of a handler of a message. */
export interface MessageContext {
  readonly socket: WebSocket;
  /** The request with which the client has connected. */
  readonly request: IncomingMessage;
  /** The operation of the message, which is also the ambient operation. Its parent is the operation of the connection. */
  readonly operation: Cancellable;
}

/** The handlers of a server. */
export interface SocketHandlers {
  /**
   * Is called for each new connection, in the operation of the connection. A promise counts as work of the connection: the
   * operation waits for it. If it fails, the socket is closed with 1011.
   */
  readonly open?:
    | ((socket: WebSocket, request: IncomingMessage, operation: Cancellable) => unknown)
    | undefined;
  /** Is called for each message, in an operation of its own: a text as a string, binary data as the socket delivers it. */
  readonly message?: ((data: string | RawData, context: MessageContext) => unknown) | undefined;
}

/** The options of {@link handleSockets}. */
export interface WsOptions extends SocketOptions<WebSocket> {
  /**
   * The pattern of the path, such as `/rooms/:id`, for the name of the operation `ws /rooms/:id`. Not the path itself, which
   * would give each connection a name of its own. Default: the `path` of the server, or `(no path)`.
   */
  readonly path?: string | ((request: IncomingMessage) => string) | undefined;
  /** The metadata of the operation of a connection. Default: none. */
  readonly metadata?: ((request: IncomingMessage) => Record<string, unknown>) | undefined;
}

const known: KnownOptions<WsOptions> = { ...socketOptions, path: 1, metadata: 1 };
const knownHandlers: KnownOptions<SocketHandlers> = { open: 1, message: 1 };

/**
 * Runs each connection of a `WebSocketServer` as an operation, and each message as an operation below it. A socket that closes
 * cancels the handlers that run, with the reason `disconnect`; code and reason of the close are in the message and in
 * `context.metadata`. Cancelling the operation of a connection closes its socket; see docs/integrations/ws.md for the codes.
 *
 * @returns The open connections. `close()` of it ends all of them, for a shutdown.
 * @throws TypeError or RangeError for a wrong argument.
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { sleep } from "@hother/cancelable";
 * import { handleSockets } from "@hother/cancelable-integrations/ws";
 * import { WebSocket, WebSocketServer } from "ws";
 *
 * const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
 * const sockets = handleSockets(server, {
 *   message: async (data, { socket }) => {
 *     await sleep(5); // ends with the connection
 *     socket.send(`echo ${data}`);
 *   },
 * });
 * await once(server, "listening");
 * const client = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
 * client.on("open", () => client.send("hello"));
 * const [answer] = await once(client, "message");
 * console.assert(String(answer) === "echo hello");
 * await sockets.close(); // the client sees 1001
 * server.close();
 * ```
 */
export function handleSockets(
  server: WebSocketServer,
  handlers: SocketHandlers,
  options?: WsOptions,
): SocketConnections {
  if (typeof server?.handleUpgrade !== "function")
    throw invalidType("server", "a WebSocketServer of ws", server);
  if (typeof handlers !== "object" || handlers === null) throw invalidType("handlers", "an object", handlers);
  requireKnownOptions(handlers, knownHandlers, "handleSockets", "handlers", "handler");
  const { open, message } = handlers;
  if (open !== undefined) requireFunction(open, "handlers.open");
  if (message !== undefined) requireFunction(message, "handlers.message");
  requireSocketOptions(options, known, "handleSockets");
  const { metadata, path, ...plan } = options ?? {};
  if (metadata !== undefined) requireFunction(metadata, "options.metadata");
  if (path !== undefined && typeof path !== "string" && typeof path !== "function")
    throw invalidType("options.path", "a pattern or a function", path);

  const connected = (socket: WebSocket, request: IncomingMessage): void => {
    const name = `ws ${readOption(() => (typeof path === "function" ? path(request) : path), "options.path") ?? server.options.path ?? "(no path)"}`;
    const host = {
      socket,
      name,
      metadata: metadata === undefined ? undefined : readMetadata(metadata, request),
      close: (error: CancellationError | undefined) =>
        closeQuietly(socket, codeFor(error), error?.reason ?? "error"),
      terminate: () => socket.terminate(),
    };
    let failure: unknown;
    // Without a listener, a frame that a client has broken would end the process.
    socket.on("error", (error) => {
      failure = error;
    });
    if (connections.isClosed) return closeQuietly(socket, 1001, "shutdown");
    const connection = new SocketConnection(plan, host);
    connections.add(connection);
    socket.on("message", (data, isBinary) => {
      if (message === undefined) return;
      const content = isBinary ? data : String(data);
      connection.message("message", (operation) => message(content, { socket, request, operation }));
    });
    socket.once("close", (closeCode, reason) => {
      const closeReason = reason.toString();
      const text = `${name} ${describeClose(closeCode, closeReason)}`;
      connection.closed(text, { closeCode, closeReason }, failure);
    });
    void connection.start((operation) => open?.(socket, request, operation));
  };
  const connections = new SocketConnections();
  server.on("connection", connected);
  return connections;
}
