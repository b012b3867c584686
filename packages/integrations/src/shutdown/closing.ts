import type { Server as HttpServer } from "node:http";
import type { Server } from "node:net";
import { AsyncEvent } from "@hother/cancelable";
import { connectionsOf, requestCount } from "../http/connections.ts";
import { openConnectionsOf, type Session } from "./open-connections.ts";

/** The members that only a server of TLS, or of HTTP/2, has. */
const isTls = (server: Server): boolean => "setSecureContext" in server;
const isHttp2 = (server: Server): boolean => "updateSettings" in server;

/** Closes a server and its connections. */
export class Closing {
  readonly #server: Server;
  readonly #closed = new AsyncEvent();

  constructor(server: Server) {
    this.#server = server;
  }

  /** Stops accepting connections. A server that does not listen has done so already. */
  begin(): void {
    this.#server.close(() => this.#closed.set());
  }

  /** Waits until no connection is open. */
  async whenClosed(): Promise<true> {
    await this.#closed.wait();
    return true;
  }

  /** Closes the connections that no request uses, and lets the others close after their request. */
  sweep(): void {
    const server = this.#server;
    const sessions = this.#sessions();
    for (const session of sessions) session.close();
    for (const socket of openConnectionsOf(server).sockets) {
      if (!socket.parser) {
        // Other sockets without a parser were upgraded, or belong to a session.
        if (isTls(server) ? socket.encrypted !== true : isHttp2(server) && this.#isUnused(sessions))
          socket.destroy();
        continue;
      }
      const response = socket._httpMessage;
      if (!response) socket.destroy();
      // Requests that wait behind this one on the connection would be lost.
      else if (!response.headersSent && requestCount(socket) <= 1) response.shouldKeepAlive = false;
    }
    (server as Partial<HttpServer>).closeIdleConnections?.();
  }

  /** Closes all connections, whatever they are used for. */
  destroy(): void {
    const server = this.#server;
    for (const session of this.#sessions()) session.destroy();
    (server as Partial<HttpServer>).closeAllConnections?.();
    for (const socket of openConnectionsOf(server).sockets) socket.destroy();
  }

  /** The first session of a server without TLS is known from its first request on. When all known ones have closed, it has none. */
  #isUnused(sessions: ReadonlySet<Session>): boolean {
    return sessions.size === 0 && connectionsOf(this.#server) !== undefined;
  }

  /** The sessions of HTTP/2. Where the host does not tell its connections, a session is known from its first request on. */
  #sessions(): Set<Session> {
    const sessions = new Set(openConnectionsOf(this.#server).sessions);
    for (const { key } of connectionsOf(this.#server) ?? [])
      if (key !== undefined && "close" in key) sessions.add(key as Session); // a socket has no `close`
    return sessions;
  }
}
