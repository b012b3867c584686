/*
 * The operation of one connection of a socket, and the operations of its messages.
 *
 *  C1  The operation of a connection ends when its handlers have ended and its socket is closed, or when it is cancelled and
 *      its handlers have ended.
 *  C2  A socket that closes while a handler runs cancels the operation, reason `disconnect`. Otherwise the operation completes.
 *  C3  A cancelled or failed operation closes its socket, and starts no further message.
 *  C4  An error of a handler goes to `onError`, or to the reporter. It is never an unhandled rejection.
 */

import {
  bind,
  Cancellable,
  type CancellationError,
  isCancellation,
  report,
  waitFor,
} from "@hother/cancelable";
import type { SocketPlan } from "./socket-options.ts";

/** The side of a connection that belongs to its library. */
export interface SocketHost<S> {
  readonly socket: S;
  readonly name: string;
  readonly metadata: Record<string, unknown> | undefined;
  /** Starts to close the socket. `error` is the cancellation, or undefined after a failure of a handler. Must not throw. */
  close(error: CancellationError | undefined): void;
  /** Closes the socket at once. */
  terminate(): void;
}

export class SocketConnection<S> {
  readonly operation: Cancellable;
  readonly host: SocketHost<S>;
  /** Resolves when the operation has ended and the socket is closed. */
  readonly ended: Promise<unknown>;
  #resolveEnded!: () => void;
  readonly #plan: SocketPlan<S>;
  readonly #closed: Promise<void>;
  #resolveClosed!: () => void;
  /** The number of handlers that run. */
  #running = 0;
  /** Runs a function in the connection's scope and async context. Undefined before the operation has started. */
  #inConnection: ((fn: () => void) => void) | undefined;

  constructor(plan: SocketPlan<S>, host: SocketHost<S>) {
    this.#plan = plan;
    this.host = host;
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    const { timeout, grace, register } = plan;
    // A connection belongs to no scope: a shutdown of the server decides about its end.
    this.operation = new Cancellable({
      parent: null,
      name: host.name,
      metadata: host.metadata,
      timeout,
      grace,
      register,
    });
    const hasEnded = new Promise<void>((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.ended = Promise.all([hasEnded, this.#closed]);
  }

  /**
   * Starts the operation, and calls `opened` in it. To be called after everything that can call {@link closed} is in place:
   * a handler can close its socket before it returns.
   */
  async start(opened: (operation: Cancellable) => unknown): Promise<void> {
    const { operation, host } = this;
    const subscription = operation.token.onCancel(() => host.close(operation.error));
    const outcome = await operation.settle(async () => {
      this.#inConnection = bind((fn) => fn());
      await this.#handle(() => opened(operation));
      await waitFor(this.#closed);
    });
    subscription[Symbol.dispose]();
    if (outcome.status === "failed") {
      this.#tell(outcome.error, operation);
      host.close(undefined);
    }
    this.#resolveEnded();
  }

  /** Runs the handler of a message in an operation below that of the connection. */
  message(name: string, handler: (operation: Cancellable) => unknown): void {
    const { operation } = this;
    if (operation.isCancelled || operation.hasEnded) return;
    this.#inConnection?.(() => {
      const { messageTimeout: timeout, register } = this.#plan;
      const message = new Cancellable({ name, timeout, register });
      void this.#handle(() => message.settle(handler)).then((outcome) => {
        if (outcome.status === "completed") return;
        const isOwn = outcome.status === "failed" || isCancellation(outcome.error, { reason: "timeout" });
        if (isOwn) this.#tell(outcome.error, message);
      });
    });
  }

  /** The socket is closed. */
  closed(text: string, metadata: Record<string, unknown>, cause?: unknown): void {
    const { operation } = this;
    Object.assign(operation.context.metadata, metadata);
    if (this.#running > 0) operation.cancel("disconnect", text, cause === undefined ? undefined : { cause });
    this.#resolveClosed();
  }

  async #handle<T>(handler: () => T | PromiseLike<T>): Promise<T> {
    this.#running++;
    try {
      return await handler();
    } finally {
      this.#running--;
    }
  }

  /** Tells an error of a handler (C4). */
  #tell(error: unknown, operation: Cancellable): void {
    const { onError } = this.#plan;
    const source = `the handler of ${this.host.name}`;
    if (onError === undefined) {
      report(error, source);
      return;
    }
    const { socket } = this.host;
    const tell = async (): Promise<unknown> => onError(error, { socket, operation });
    tell().catch((failure: unknown) => report(failure, "options.onError"));
  }
}
