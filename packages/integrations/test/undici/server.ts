import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A server on loopback that counts, and whose waits are for events and not for times. */
export class TestServer {
  readonly #server: Server;
  /** The requests that have arrived. */
  readonly requests: IncomingMessage[] = [];
  readonly url: string;
  /** The number of sockets that had a request and have closed. undici can open further ones, which are not counted. */
  closed = 0;
  readonly #open = new Set<Socket>();
  #listeners: Array<() => void> = [];

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(
    handle: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<TestServer> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const started = new TestServer(server);
    server.on("request", (request, response) => {
      started.#count(request);
      handle(request, response);
    });
    // Never answered. Only a socket that is read sees that the other side has gone.
    server.on("connect", (request) => {
      const socket = started.#count(request).resume();
      socket.on("end", () => socket.destroy());
    });
    return started;
  }

  /** Resolves when `condition` holds. It is looked at when a request arrives, and when a socket closes. */
  async until(condition: (server: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#listeners.push(resolve));
  }

  /** The values of a header, one for each request. */
  header(name: string): Array<string | undefined> {
    return this.requests.map((request) => request.headers[name] as string | undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #count(request: IncomingMessage): Socket {
    const { socket } = request;
    this.requests.push(request);
    if (!this.#open.has(socket)) {
      this.#open.add(socket);
      socket.on("error", () => {}); // a client that resets
      socket.on("close", () => {
        this.closed++;
        this.#open.delete(socket);
        this.#changed();
      });
    }
    this.#changed();
    return socket;
  }

  #changed(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
