import { waitFor } from "@hother/cancelable";
import type { RawData, WebSocket } from "ws";
import { SocketClosedError } from "./close-codes.ts";

/** A message: a text as a string, binary data as the socket delivers it. */
export type Message = string | RawData;

/** The number of waiting messages from which on the socket is not read any more. */
const most = 16;

/** The codes of a normal end. */
const normal: readonly number[] = [1000, 1001, 1005];

/** The state of a socket and what has come from it. */
export class Inbox {
  readonly #messages: Message[] = [];
  readonly socket: WebSocket;
  /** The end of the messages, with the error of an end that is not normal. */
  end: { readonly error: unknown } | undefined;
  #failure: unknown;
  /** The reader that waits for the next event. */
  #waiting: { readonly changed: Promise<void>; readonly wake: () => void } | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", this.#received);
    socket.on("open", this.#changed);
    socket.on("error", this.#failed);
    socket.on("close", this.#closed);
    if (socket.readyState === socket.CLOSED) this.end = { error: undefined };
  }

  /** Resolves at the next event. Rejects with the ambient scope. */
  next(): Promise<void> {
    if (this.#waiting === undefined) {
      let wake!: () => void;
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      this.#waiting = { changed, wake };
    }
    return waitFor(this.#waiting.changed);
  }

  /** Takes the oldest message out. */
  take(): Message | undefined {
    const message = this.#messages.shift();
    if (this.#messages.length === 0 && this.socket.isPaused) this.socket.resume();
    return message;
  }

  /** Ends all waits, and leaves the socket alone from now on. */
  stop(): void {
    const { socket } = this;
    this.end = { error: undefined };
    this.#messages.length = 0;
    this.#changed();
    socket.off("message", this.#received);
    socket.off("open", this.#changed);
    socket.off("close", this.#closed);
    // A socket that is closed before it is open emits an error, which ends the process without a listener.
    if (socket.readyState === socket.OPEN) socket.off("error", this.#failed);
    if (socket.isPaused) socket.resume();
  }

  readonly #changed = (): void => {
    this.#waiting?.wake();
    this.#waiting = undefined;
  };

  readonly #received = (data: RawData, isBinary: boolean): void => {
    this.#messages.push(isBinary ? data : String(data));
    if (this.#messages.length >= most) this.socket.pause();
    this.#changed();
  };

  readonly #failed = (error: unknown): void => {
    this.#failure = error;
  };

  readonly #closed = (code: number, reason: Buffer): void => {
    const isNormal = normal.includes(code) && this.#failure === undefined;
    const error = isNormal
      ? undefined
      : new SocketClosedError(code, reason.toString(), { cause: this.#failure });
    this.end = { error };
    this.#changed();
  };
}
