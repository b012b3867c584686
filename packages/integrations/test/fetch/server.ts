import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Waits for a condition, as long as the test may take. */
export async function until(predicate: () => boolean): Promise<void> {
  while (!predicate()) await wait(1);
}

/** A server on loopback. It ends at the end of the block. */
export class TestServer implements AsyncDisposable {
  readonly url: string;
  /** The requests that have arrived, oldest first. */
  readonly requests: IncomingMessage[];
  /** The open connections on which a request has arrived. After an abort, undici opens a further one that it may not use for seconds. */
  readonly sockets: ReadonlySet<Socket>;
  readonly #close: () => Promise<void>;

  constructor(
    url: string,
    requests: IncomingMessage[],
    sockets: ReadonlySet<Socket>,
    close: () => Promise<void>,
  ) {
    this.url = url;
    this.requests = requests;
    this.sockets = sockets;
    this.#close = close;
  }

  /** Waits until this many requests have arrived. */
  async arrived(count = 1): Promise<IncomingMessage> {
    await until(() => this.requests.length >= count);
    return this.requests[count - 1] as IncomingMessage;
  }

  /** Waits until no connection with a request is open. */
  allClosed(): Promise<void> {
    return until(() => this.sockets.size === 0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

export async function serve(
  handler: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const open = new Set<Socket>();
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    requests.push(request);
    if (open.has(request.socket)) sockets.add(request.socket);
    response.on("error", () => {});
    handler(request, response);
  });
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(socket);
      sockets.delete(socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return new TestServer(`http://127.0.0.1:${port}/`, requests, sockets, async () => {
    server.close();
    for (const socket of open) socket.destroy();
    await until(() => open.size === 0);
  });
}

/** A response that writes one piece and then stays open. */
export function stall(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/plain" });
  response.write("first");
}

/** The error with which a promise rejects. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("the promise was fulfilled");
}
