import { currentScope } from "@hother/cancelable";
import { invalidType } from "@hother/cancelable/extending";
import type { WebSocket } from "ws";
import { closeQuietly, SocketClosedError } from "./close-codes.ts";
import { Inbox, type Message } from "./inbox.ts";

export type { Message } from "./inbox.ts";

/**
 * Waits until a socket is open. A cancelled wait closes the socket.
 *
 * @throws SocketClosedError if the socket is closed before. Its `cause` is the error of the socket, if there was one.
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { failAfter } from "@hother/cancelable";
 * import { opened } from "@hother/cancelable-integrations/ws";
 * import { WebSocket, WebSocketServer } from "ws";
 *
 * const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
 * await once(server, "listening");
 * const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
 * await failAfter({ seconds: 5 }, () => opened(socket));
 * console.assert(socket.readyState === WebSocket.OPEN);
 * socket.close();
 * server.close();
 * ```
 */
export async function opened(socket: WebSocket): Promise<void> {
  requireSocket(socket);
  const inbox = new Inbox(socket);
  try {
    while (socket.readyState === socket.CONNECTING) await inbox.next();
    if (inbox.end !== undefined || socket.readyState !== socket.OPEN)
      throw inbox.end?.error ?? new SocketClosedError(1006, "");
  } catch (error) {
    closeQuietly(socket, 1001, "");
    throw error;
  } finally {
    inbox.stop();
  }
}

/**
 * Reads the messages of a socket with `for await`, from the call on. While the loop is busy, the socket is not read beyond
 * 16 messages, so a fast sender waits. The loop ends when the socket is closed normally (code 1000, 1001 or 1005). Leaving the
 * loop closes the socket, and so does a cancellation of the ambient scope, which ends the loop with its error.
 *
 * @throws SocketClosedError in the loop if the socket is closed with another code or the connection breaks; TypeError at once
 * if `socket` is none.
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { messages } from "@hother/cancelable-integrations/ws";
 * import { WebSocket, WebSocketServer } from "ws";
 *
 * const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
 * server.on("connection", (socket) => {
 *   for (const text of ["one", "two"]) socket.send(text);
 *   socket.close(1000);
 * });
 * await once(server, "listening");
 * const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
 * const seen: unknown[] = [];
 * for await (const message of messages(socket)) seen.push(message);
 * console.assert(seen.join() === "one,two");
 * server.close();
 * ```
 */
export function messages(socket: WebSocket): AsyncGenerator<Message, undefined, undefined> {
  requireSocket(socket);
  return new MessageReader(new Inbox(socket));
}

const done = { done: true, value: undefined } as const;

/** No generator function, whose `return()` would wait for the next message, and close nothing before the first `next()`. */
class MessageReader implements AsyncGenerator<Message, undefined, undefined> {
  readonly #inbox: Inbox;

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  async next(): Promise<IteratorResult<Message, undefined>> {
    const inbox = this.#inbox;
    try {
      for (;;) {
        const value = inbox.take();
        if (value !== undefined) {
          // Many small messages can come at once. The loop then reads them without a wait.
          currentScope().check();
          return { done: false, value };
        }
        if (inbox.end !== undefined) break;
        await inbox.next();
      }
      if (inbox.end.error !== undefined) throw inbox.end.error;
    } catch (error) {
      this.#leave();
      throw error;
    }
    this.#leave();
    return done;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#leave();
    return done;
  }

  async throw(error: unknown): Promise<never> {
    this.#leave();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #leave(): void {
    closeQuietly(this.#inbox.socket, 1000, "");
    this.#inbox.stop();
  }
}

function requireSocket(socket: unknown): void {
  const { readyState, on } = (socket ?? {}) as Partial<WebSocket>;
  if (typeof readyState !== "number" || typeof on !== "function")
    throw invalidType("socket", "a WebSocket of ws", socket);
}
