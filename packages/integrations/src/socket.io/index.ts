import { type Cancellable, type CancellationError } from "@hother/cancelable";
import { invalidType, type KnownOptions, requireFunction } from "@hother/cancelable/extending";
import type { Namespace, Server, Socket } from "socket.io";
import { readMetadata } from "../http/read-metadata.ts";
import { SocketConnection } from "../http/socket-connection.ts";
import { SocketConnections } from "../http/socket-connections.ts";
import { requireSocketOptions, type SocketOptions, socketOptions } from "../http/socket-options.ts";

export type { CloseOptions, SocketConnections } from "../http/socket-connections.ts";
export type { FailedHandler, SocketOptions } from "../http/socket-options.ts";

/** The bound of socket.io's own type parameters: a map of events to listeners. An interface of the user fits no other bound. */
export type EventsMap = Record<string, any>;

/** The second argument of the handler of a connection. */
export interface ConnectionContext<S> {
  /**
   * As `socket.on`, for the events that the client sends: each call of the listener is an operation with the name of the event,
   * below the operation of the connection. Refuses the events of socket.io itself, such as `disconnect`.
   */
  readonly on: S extends { on: infer On } ? On : never;
  /** The operation of the connection, which is also the ambient operation. */
  readonly operation: Cancellable;
}

/** The options of {@link handleSockets}. */
export interface SocketIoOptions<S> extends SocketOptions<S> {
  /**
   * The pattern of the namespace, for the name of the operation `socket.io /rooms/:id`. Needed for a dynamic namespace only,
   * whose names would give each connection a name of its own. Default: the name of the namespace.
   */
  readonly path?: string | undefined;
  /** The metadata of the operation of a connection. Default: none. */
  readonly metadata?: ((socket: S) => Record<string, unknown>) | undefined;
}

const known: KnownOptions<SocketIoOptions<unknown>> = { ...socketOptions, path: 1, metadata: 1 };

/** The events that socket.io emits on a socket itself. */
const reserved: readonly unknown[] = [
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "error",
  "newListener",
  "removeListener",
];

/**
 * Runs each connection of a socket.io server or namespace as an operation, and each event as an operation below it. A
 * disconnect cancels the listeners that run, with the reason `disconnect`; the reason of socket.io is in the message and in
 * `context.metadata`. Cancelling the operation of a connection disconnects its socket.
 *
 * @param handler Is called for each new connection, in its operation, and adds the listeners. A promise counts as work of the
 * connection: the operation waits for it. If it fails, the socket is disconnected.
 * @returns The open connections. `close()` of it ends all of them, for a shutdown.
 * @throws TypeError or RangeError for a wrong argument.
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import { sleep } from "@hother/cancelable";
 * import { handleSockets } from "@hother/cancelable-integrations/socket.io";
 * import { Server } from "socket.io";
 * import { io as connect } from "socket.io-client";
 *
 * const server = createServer().listen(0, "127.0.0.1");
 * const io = new Server(server);
 * const sockets = handleSockets(io, (_socket, { on }) => {
 *   on("greet", async (name: string, answer: (text: string) => void) => {
 *     await sleep(5); // ends with the connection
 *     answer(`hello ${name}`);
 *   });
 * });
 * await once(server, "listening");
 * const { port } = server.address() as { port: number };
 * const client = connect(`http://127.0.0.1:${port}`, { transports: ["websocket"] });
 * console.assert((await client.emitWithAck("greet", "Ada")) === "hello Ada");
 * client.disconnect();
 * await sockets.close();
 * await io.close();
 * ```
 */
export function handleSockets<
  Listen extends EventsMap,
  Emit extends EventsMap,
  Between extends EventsMap,
  Data,
>(
  server: Server<Listen, Emit, Between, Data> | Namespace<Listen, Emit, Between, Data>,
  handler: (
    socket: Socket<Listen, Emit, Between, Data>,
    context: ConnectionContext<Socket<Listen, Emit, Between, Data>>,
  ) => unknown,
  options?: SocketIoOptions<Socket<Listen, Emit, Between, Data>>,
): SocketConnections {
  type S = Socket<Listen, Emit, Between, Data>;
  if (typeof server?.on !== "function" || typeof server.disconnectSockets !== "function")
    throw invalidType("server", "a Server or a Namespace of socket.io", server);
  requireFunction(handler, "handler");
  requireSocketOptions(options, known, "handleSockets");
  const { metadata, path, ...plan } = options ?? {};
  if (metadata !== undefined) requireFunction(metadata, "options.metadata");
  if (path !== undefined && typeof path !== "string") throw invalidType("options.path", "a pattern", path);

  const connected = (socket: S): void => {
    if (connections.isClosed) return socket.conn.close();
    const name = `socket.io ${path ?? socket.nsp.name}`;
    const host = {
      socket,
      name,
      metadata: metadata === undefined ? undefined : readMetadata(metadata, socket),
      close: (error: CancellationError | undefined) => disconnect(socket, error),
      terminate: () => socket.conn.close(true),
    };
    const connection = new SocketConnection<S>(plan, host);
    connections.add(connection);
    // The types of the reserved events are the same for all sockets.
    (socket as Socket).once("disconnect", (disconnectReason, description) => {
      const cause = description instanceof Error ? description : undefined;
      connection.closed(`${name} was disconnected: ${disconnectReason}`, { disconnectReason }, cause);
    });
    void connection.start((operation) => {
      const on = (event: string, listener: (...args: unknown[]) => unknown): S => {
        if (reserved.includes(event))
          throw invalidType("event", "an event of the client; listen with socket.on for this one", event);
        requireFunction(listener, "listener");
        // Any event: the type of `on` has checked the name and the listener.
        (socket as Socket).on(event, (...args: unknown[]) => {
          connection.message(event, () => Reflect.apply(listener, socket, args));
        });
        return socket;
      };
      // socket.io's own type of `on` has the events of the user.
      return handler(socket, { on, operation } as unknown as ConnectionContext<S>);
    });
  };
  // The same event on a server and on a namespace.
  const connections = new SocketConnections();
  (server as unknown as Server).on("connection", connected as unknown as (socket: Socket) => void);
  return connections;
}

/**
 * For a shutdown the connection is closed, after which a client connects again by itself, to another server. For other
 * reasons the client is told that the server has disconnected it, after which it does not come back by itself.
 */
function disconnect(socket: Pick<Socket, "conn" | "disconnect">, error: CancellationError | undefined): void {
  if (error?.reason === "shutdown" || error?.reason === "signal") socket.conn.close();
  else socket.disconnect();
}
