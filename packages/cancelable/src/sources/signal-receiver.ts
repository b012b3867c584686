import { listenToSignal, requireSignalName, resendSignal } from "#platform/signals";
import { report } from "../reporter.ts";
import { currentNode } from "../scope/ambient.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { WaitQueue } from "../sync/wait-queue.ts";
import { UsageError } from "../usage-error.ts";
import type { SignalName } from "./signal-source.ts";

type Arrival = IteratorResult<SignalName, undefined>;

/**
 * An iterator over operating-system signals (trio: `open_signal_receiver`), for programs that do more with a signal
 * than stop: reload on SIGHUP, print statistics on SIGUSR1. The receiver listens from its construction until it is
 * disposed of. A signal that arrives several times before it is read counts once. One caller reads at a time. Only
 * in the main thread of Node, Bun and Deno. A receiver does not keep the process alive.
 *
 * @example
 * ```ts
 * import { SignalReceiver, sleep } from "@hother/cancelable";
 *
 * using signals = new SignalReceiver("SIGHUP", "SIGUSR2");
 * process.kill(process.pid, "SIGUSR2");
 * await sleep(100); // the program does something else
 * for await (const signal of signals) {
 *   console.assert(signal === "SIGUSR2");
 *   break;
 * }
 * ```
 */
export class SignalReceiver implements AsyncIterableIterator<SignalName>, Disposable {
  /** The names of the signals. */
  readonly signals: readonly SignalName[];
  readonly #listeners: Disposable[] = [];
  /** Signals that were not read yet, in order of arrival. */
  readonly #arrived = new Set<SignalName>();
  readonly #reader = new WaitQueue<Arrival>();
  #isClosed = false;

  /**
   * @param signals The names of the signals, at least one.
   * @throws UsageError `ERR_UNSUPPORTED_HOST` on a host without signals.
   */
  constructor(...signals: [SignalName, ...SignalName[]]) {
    for (const [index, signal] of (signals.length === 0 ? [undefined] : signals).entries())
      requireSignalName(signal, `signals[${index}]`);
    this.signals = [...new Set(signals)];
    for (const signal of this.signals)
      this.#listeners.push(listenToSignal(signal, () => this.#arrive(signal)));
  }

  /**
   * Waits for the next signal. A checkpoint. A cancelled wait takes no signal.
   *
   * @throws UsageError `ERR_BUSY` while another caller waits, `ERR_CLOSED` after the receiver was disposed of.
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

  /**
   * Stops listening. Signals that were not read go to the other listeners of the process. Without other listeners
   * they go to the reporter.
   */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const listener of this.#listeners) listener[Symbol.dispose]();
    this.#reader.rejectAll(() => new UsageError("ERR_CLOSED", "The signal receiver"));
    for (const signal of this.#arrived) {
      if (!resendSignal(signal)) report(new Error(`${signal} arrived and was not read`), "a signal receiver");
    }
    this.#arrived.clear();
  }

  #arrive(signal: SignalName): void {
    const reader = this.#reader.shift();
    if (reader === undefined) this.#arrived.add(signal);
    else reader.resolve({ done: false, value: signal });
  }
}
