import { runOutside } from "#platform/ambient";
import { openPort, type ThreadPort } from "#platform/thread-port";
import { setThreadCalls, type ThreadCalls } from "../backends/thread-operations.ts";
import { markCopy } from "../copy.ts";
import { currentScope } from "../flow/current.ts";
import { waitFor } from "../flow/wait-for.ts";
import { isCancellation } from "../is-cancellation.ts";
import { UsageError } from "../usage-error.ts";
import { type BridgeHandle, requireBridgeHandle, requireHandler } from "./bridge-handle.ts";
import type { BridgeHandlers, PayloadOf, ResultOf, ToBridge, ToCaller } from "./bridge-messages.ts";
import { CallGate } from "./call-gate.ts";
import { decodeError, uncloneable } from "./thread-error.ts";

interface Answer {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** One caller for each port: a port has one receiver. */
const callers = new WeakMap<BridgeHandle["port"], BridgeCaller>();

/**
 * Calls the handlers of a {@link ThreadBridge} in another thread. Works from a loop that never yields, too.
 *
 * @example
 * ```ts
 * import { BridgeCaller, ThreadBridge } from "@hother/cancelable/threads";
 *
 * const handlers = { double: (n: number) => n * 2 };
 * const bridge = new ThreadBridge(handlers);
 * bridge.start();
 * // The other thread gets the handle in a message, with handle.port in the transfer list.
 * using caller = BridgeCaller.attach<typeof handlers>(bridge.connect());
 * console.assert((await caller.call("double", 21)) === 42);
 * await bridge.stop();
 * ```
 */
export class BridgeCaller<H extends BridgeHandlers = BridgeHandlers> implements ThreadCalls, Disposable {
  readonly #handle: BridgeHandle;
  readonly #gate: CallGate;
  readonly #port: ThreadPort;
  #registered: Disposable | undefined = undefined;
  readonly #answers = new Map<number, Answer>();
  #nextId = 1;
  #isClosed = false;

  /** @internal Use {@link attach}. */
  constructor(handle: BridgeHandle) {
    this.#handle = handle;
    this.#gate = new CallGate(handle.memory);
    this.#port = runOutside(() =>
      openPort(
        handle.port,
        (message) => this.#received(message as ToCaller), // the other end is a ThreadBridge
        () => this.#disconnected(),
      ),
    );
  }

  /**
   * The caller for a handle of {@link ThreadBridge.connect}. A second call with the same handle returns the same caller.
   *
   * @throws TypeError or RangeError for a value that is no handle. UsageError `ERR_OTHER_VERSION` for the handle of another
   * version of this library.
   */
  static attach<H extends BridgeHandlers = BridgeHandlers>(handle: BridgeHandle): BridgeCaller<H> {
    requireBridgeHandle(handle);
    let caller = callers.get(handle.port);
    if (caller === undefined || caller.#isClosed) {
      caller = new BridgeCaller(handle);
      callers.set(handle.port, caller);
      caller.#registered = setThreadCalls(caller);
    }
    return caller as unknown as BridgeCaller<H>; // the caller of this function knows the handlers of the bridge
  }

  /**
   * Calls a handler soon, and does not wait for it. Its errors go to the reporter of the other thread.
   *
   * @throws RangeError for an unknown name. UsageError `ERR_FULL` when `capacity` calls of this thread have not ended, and
   * `ERR_CLOSED` when the bridge was stopped. TypeError `ERR_UNCLONEABLE` for a payload that cannot be sent.
   */
  callSoon<N extends keyof H & string>(name: N, payload?: PayloadOf<H, N>): void {
    this.#send(name, payload, undefined);
  }

  /**
   * Calls a handler and waits for its result, which keeps this thread alive. When the ambient scope is cancelled, the handler
   * is cancelled, or not started, and then the promise rejects.
   *
   * @returns A promise that rejects with the error of the handler, and with the errors of {@link callSoon}.
   */
  async call<N extends keyof H & string>(name: N, payload?: PayloadOf<H, N>): Promise<ResultOf<H, N>> {
    const scope = currentScope();
    scope.check();
    const id = this.#nextId++;
    this.#send(name, payload, id);
    const answer = new Promise<unknown>((resolve, reject) => {
      if (this.#answers.size === 0) this.#port.hold();
      this.#answers.set(id, { resolve, reject });
    });
    try {
      return (await waitFor(answer)) as ResultOf<H, N>; // the handler's result
    } catch (error) {
      if (!this.#answers.has(id)) throw error;
      this.#post({ kind: "cancel", id });
      try {
        return (await answer) as ResultOf<H, N>; // the result was ready before the cancellation was seen
      } catch (late) {
        throw isCancellation(late) ? error : late;
      }
    }
  }

  #send(name: string, payload: unknown, id: number | undefined): void {
    const { handlers, capacity, name: bridge } = this.#handle;
    requireHandler(name, handlers);
    if (this.#isClosed) throw this.#closed();
    this.#gate.take(capacity, bridge);
    try {
      this.#post({ kind: "call", name, payload, id });
    } catch (cause) {
      this.#gate.leave();
      this.#post({ kind: "withdrawn" });
      throw uncloneable("payload", payload, cause);
    }
  }

  #post(message: ToBridge): void {
    this.#port.post(message);
  }

  #received(message: ToCaller): void {
    const answer = this.#answers.get(message.id);
    this.#answers.delete(message.id);
    if (this.#answers.size === 0) this.#port.release();
    if ("error" in message) answer?.reject(decodeError(message.error));
    else answer?.resolve(message.value);
  }

  #closed(): UsageError {
    return new UsageError(
      "ERR_CLOSED",
      `The bridge "${this.#handle.name}"`,
      "its thread has ended, or this end was closed",
    );
  }

  #disconnected(): void {
    this.#isClosed = true;
    this.#registered?.[Symbol.dispose]();
    for (const answer of this.#answers.values()) answer.reject(this.#closed());
    this.#answers.clear();
  }

  /** Ends the use of the bridge in this thread. Calls that wait for an answer reject, and their handlers are cancelled. */
  close(): void {
    if (this.#isClosed) return;
    this.#disconnected();
    this.#port.close();
  }

  /** The same as {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
markCopy(BridgeCaller);
