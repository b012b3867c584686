import { listenToSignal, requireSignalName, resendSignal } from "#platform/signals";
import { report } from "../reporter.ts";
import { currentNode } from "../scope/ambient.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { type QueuedWaiter, WaitQueue } from "../sync/wait-queue.ts";
import { UsageError } from "../usage-error.ts";
import type { SignalName } from "./signal-source.ts";

type Arrival = IteratorResult<SignalName, undefined>;

/**
 * The operating-system signals that arrive from its making to its closing, for programs that do more with
 * them than to stop (trio's `open_signal_receiver`): reload on SIGHUP, print on SIGUSR1. A signal that comes again before it
 * was taken counts once; different ones take turns. One caller reads at a time. Only in the main thread
 * of Node, Bun and Deno; it does not keep the process alive.
 *
 * @example
 * ```ts
 * import { SignalReceiver, sleep } from "@hother/cancelable";
 *
 * using signals = new SignalReceiver("SIGHUP", "SIGUSR2");
 * process.kill(process.pid, "SIGUSR2");
 * await sleep(20); // the program does something else
 * for await (const signal of signals) {
 *   console.assert(signal === "SIGUSR2");
 *   break;
 * }
 * ```
 */
export class SignalReceiver implements AsyncIterableIterator<SignalName>, Disposable {
  readonly signals: readonly SignalName[];
  readonly #listening: Disposable[] = [];
  /** In order of arrival: one that comes again after it was taken is the last. */
  readonly #arrived = new Set<SignalName>();
  readonly #reader = new WaitQueue<Arrival>();
  #isClosed = false;

  /**
   * @param signals Names, at least one.
   * @throws UsageError `ERR_UNSUPPORTED_HOST` where there are no signals.
   */
  constructor(...signals: [SignalName, ...SignalName[]]) {
    for (const [index, signal] of (signals.length === 0 ? [undefined] : signals).entries())
      requireSignalName(signal, `signals[${index}]`);
    this.signals = [...new Set(signals)];
    for (const signal of this.signals)
      this.#listening.push(listenToSignal(signal, () => this.#arrive(signal)));
  }

  /**
   * The next signal. A checkpoint: cancelled, it has taken none.
   *
   * @throws UsageError `ERR_BUSY` while another caller waits, `ERR_CLOSED` after closing.
   */
  next(): Promise<Arrival> {
    const node = currentNode();
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    if (this.#isClosed) return Promise.reject(new UsageError("ERR_CLOSED", "The signal receiver"));
    if (this.#reader.size > 0) return Promise.reject(new UsageError("ERR_BUSY", "The signal receiver"));
    const [first] = this.#arrived;
    if (first === undefined) return this.#reader.join(node, undefined).promise;
    this.#arrived.delete(first);
    return Promise.resolve({ done: false, value: first });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Stops listening. Signals that nobody took go to who else listens; if nobody does, they are reported. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const one of this.#listening) one[Symbol.dispose]();
    this.#reader.rejectAll(() => new UsageError("ERR_CLOSED", "The signal receiver"));
    for (const signal of this.#arrived) {
      if (!resendSignal(signal))
        report(new Error(`${signal} arrived and nobody took it`), "a signal receiver");
    }
    this.#arrived.clear();
  }

  #arrive(signal: SignalName): void {
    const reader: QueuedWaiter<Arrival, undefined> | undefined = this.#reader.shift();
    if (reader === undefined) this.#arrived.add(signal);
    else reader.resolve({ done: false, value: signal });
  }
}
