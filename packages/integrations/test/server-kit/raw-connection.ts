import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Client, ClientRequest, Pending, ReceivedAnswer } from "./answer.ts";

/** A connection of HTTP/1 that sends exactly the text of the test. */
export class RawConnection {
  readonly socket: Socket;
  /** What has arrived and belongs to no answer that was read. One character is one byte. */
  #received = "";
  #isClosed = false;
  readonly #waiting: Array<() => void> = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("latin1");
      this.#wake();
    });
    // The server may reset the connection.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new RawConnection(socket);
  }

  /** Sends text, and waits until the system has it. */
  async send(text: string | Uint8Array): Promise<void> {
    // A server that has closed the connection is seen by the next read.
    await new Promise<void>((resolve) => this.socket.write(text, () => resolve()));
  }

  /** Waits until the text has arrived, or the connection has closed. */
  async received(text: string): Promise<void> {
    while (!this.#received.includes(text) && !this.#isClosed) await this.#more();
  }

  /** Reads the next answer. Undefined if the connection closes before its head. */
  async answer(method = "GET"): Promise<ReceivedAnswer | undefined> {
    for (;;) {
      const parsed = parse(this.#received, method, this.#isClosed);
      if (parsed !== undefined) {
        this.#received = parsed.rest;
        return parsed.answer;
      }
      if (this.#isClosed) return undefined;
      await this.#more();
    }
  }

  /** Waits until the connection has closed. */
  async closed(): Promise<void> {
    while (!this.#isClosed) await this.#more();
  }

  /** What has arrived behind the answers that were read. */
  get rest(): string {
    return this.#received;
  }

  /** Closes the connection: with FIN in order, with RST by breaking it off. */
  leave(how: "FIN" | "RST" = "FIN"): void {
    if (how === "FIN") this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Writes the head of a request, and its body if it has one. */
export function requestText({
  method = "GET",
  path = "/things/1",
  headers = {},
}: ClientRequest = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${lines.join("")}\r\n`;
}

/** A client that opens a connection for each request. */
export function http1Client(port: number): Client {
  const open: RawConnection[] = [];
  return {
    send(request = {}): Pending {
      const { method = "GET", body } = request;
      const length = body === undefined ? {} : { "content-length": String(body.length) };
      const connection = RawConnection.open(port).then(async (opened) => {
        open.push(opened);
        await opened.send(requestText({ ...request, headers: { ...length, ...request.headers } }));
        if (body !== undefined) await opened.send(body);
        return opened;
      });
      return {
        answer: connection.then((opened) => opened.answer(method)),
        received: async (text) => (await connection).received(text),
        leave: () => void connection.then((opened) => opened.leave()),
      };
    },
    close() {
      for (const connection of open) connection.socket.destroy();
    },
  };
}

function parse(
  text: string,
  method: string,
  isClosed: boolean,
): { answer: ReceivedAnswer; rest: string } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(statusLine.split(" ")[1]);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const after = text.slice(end + 4);
  const done = (body: string, rest: string, isComplete = true) => ({
    answer: { status, headers, body, isComplete },
    rest,
  });
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return done("", after);
  if (headers["transfer-encoding"] === "chunked") {
    const { body, rest } = parseChunks(after);
    if (rest !== undefined) return done(body, rest);
    return isClosed ? done(body, "", false) : undefined;
  }
  const length = headers["content-length"];
  // Without a length, the end of the connection is the end of the answer.
  if (length === undefined) return isClosed ? done(after, "") : undefined;
  if (after.length >= Number(length))
    return done(after.slice(0, Number(length)), after.slice(Number(length)));
  return isClosed ? done(after, "", false) : undefined;
}

/** The chunks that have arrived. `rest` is undefined if the last chunk has not. */
function parseChunks(text: string): { body: string; rest?: string } {
  let body = "";
  for (let at = 0; ; ) {
    const line = text.indexOf("\r\n", at);
    if (line < 0) return { body };
    const length = Number.parseInt(text.slice(at, line), 16);
    if (length === 0) {
      const end = text.indexOf("\r\n\r\n", at);
      return end < 0 ? { body } : { body, rest: text.slice(end + 4) };
    }
    body += text.slice(line + 2, line + 2 + length);
    at = line + 2 + length + 2;
    if (at > text.length) return { body };
  }
}
