import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A server on loopback whose answers a test scripts, and which remembers the requests. */
export class ScriptedServer implements AsyncDisposable {
  readonly requests: IncomingMessage[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The open connections on which a request has arrived. After an abort, undici opens a further one that it may not use for seconds. */
  readonly #used = new Set<Socket>();
  readonly #changed = new EventTarget();

  /** @param answer Called for each request, with the number of the requests before it. */
  static async start(
    answer: (response: ServerResponse, request: IncomingMessage, before: number) => void,
  ): Promise<ScriptedServer> {
    const server = createServer();
    const scripted = new ScriptedServer(server);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      scripted.requests.push(request);
      if (scripted.#sockets.has(request.socket)) scripted.#used.add(request.socket);
      answer(response, request, scripted.requests.length - 1);
      scripted.#change();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return scripted;
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        this.#used.delete(socket);
        this.#change();
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** The number of open connections on which a request has arrived. */
  get connections(): number {
    return this.#used.size;
  }

  #change(): void {
    this.#changed.dispatchEvent(new Event("change"));
  }

  /** Resolves when `predicate` holds after a request or a closed connection. */
  async until(predicate: () => boolean): Promise<void> {
    while (!predicate())
      await new Promise<unknown>((resolve) =>
        this.#changed.addEventListener("change", resolve, { once: true }),
      );
  }

  /** Resolves when the server has seen `count` requests. */
  received(count: number): Promise<void> {
    return this.until(() => this.requests.length >= count);
  }

  /** Resolves when no connection with a request is open. */
  disconnected(): Promise<void> {
    return this.until(() => this.connections === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
