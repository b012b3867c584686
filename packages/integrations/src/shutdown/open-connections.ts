import type { ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";

/** A socket of a server, with what `node:http` and `node:tls` keep in it. */
export interface ServerSocket extends Socket {
  readonly server?: Server;
  /** The response that is being written, of HTTP/1. */
  readonly _httpMessage?: ServerResponse | null;
  /** The parser of HTTP/1. A socket that was upgraded, and a socket of HTTP/2, have none. */
  readonly parser?: object | null;
  /** Whether this is a socket of TLS. */
  readonly encrypted?: boolean;
  /** The socket below a socket of TLS. */
  readonly _parent?: ServerSocket;
}

/** A session of HTTP/2. */
export interface Session {
  /** Sends GOAWAY, and closes the connection after the running streams. */
  close(): void;
  destroy(): void;
  once(event: "close", listener: () => void): unknown;
}

/** The open connections of a server. */
export interface OpenConnections {
  /** Of TLS, a socket is here as the encrypted one once the handshake is over. */
  readonly sockets: ReadonlySet<ServerSocket>;
  /** Without the first one of a server of HTTP/2 without TLS. */
  readonly sessions: ReadonlySet<Session>;
}

/** The part of `node:diagnostics_channel` that this file uses. */
interface Diagnostics {
  subscribe(name: string, listener: (message: unknown) => void): void;
}

class Known implements OpenConnections {
  readonly sockets: Set<ServerSocket> = new Set();
  readonly sessions: Set<Session> = new Set();

  /** Node publishes a connection after the event `connection`, so the first session of a server without TLS is not seen. */
  constructor(server: Server) {
    server.on("secureConnection", (socket: ServerSocket) => {
      if (socket._parent !== undefined) this.sockets.delete(socket._parent);
      this.add(socket);
    });
    server.on("session", (session: Session) => {
      this.sessions.add(session);
      session.once("close", () => this.sessions.delete(session));
    });
  }

  add(socket: ServerSocket): void {
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
  }
}

const known = new WeakMap<Server, Known>();

/*
 * A server does not tell its connections, and a connection on which nothing was sent would keep it open for ever. So this module
 * listens to the connections of all servers from its import on. Hosts that do not publish them (Bun) close idle connections only.
 */
const host = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } };
const diagnostics = host.process?.getBuiltinModule?.("node:diagnostics_channel") as Diagnostics | undefined; // the module
diagnostics?.subscribe("net.server.socket", (message) => {
  const { socket } = message as { readonly socket: ServerSocket }; // as Node documents this channel
  const { server } = socket;
  if (server === undefined) return;
  let open = known.get(server);
  if (open === undefined) {
    open = new Known(server);
    known.set(server, open);
  }
  open.add(socket);
});

const none: OpenConnections = { sockets: new Set(), sessions: new Set() };

/** The open connections of a server, as far as the host tells them. */
export function openConnectionsOf(server: Server): OpenConnections {
  return known.get(server) ?? none;
}
