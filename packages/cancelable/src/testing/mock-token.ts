import { detectBackend } from "../backends/detect.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import type { CancellationReason } from "../errors.ts";
import { CancellationToken, requireReason } from "../token/token.ts";

/** One call of {@link MockCancellationToken.cancel}. */
export interface CancelCall {
  /** When, in milliseconds on the clock of the backend that the caller runs on. */
  readonly time: number;
  readonly reason: CancellationReason;
  readonly message: string | undefined;
  /** Whether it was the one that cancelled the token; false for repeats. */
  readonly effective: boolean;
}

/**
 * A token that remembers who pulled it, and that can be pulled later. It goes wherever a
 * `CancellationToken` does.
 *
 * @example
 * ```ts
 * import { Cancellable, run, sleepForever } from "@hother/cancelable";
 * import { MockCancellationToken, VirtualBackend } from "@hother/cancelable/testing";
 *
 * await run(
 *   async () => {
 *     const token = new MockCancellationToken();
 *     token.scheduleCancel({ seconds: 5 }, "shutdown", "deploying");
 *     await Cancellable.withToken(token).settle(() => sleepForever());
 *     token.cancel();
 *     console.assert(token.calls[0]?.time === 5_000 && token.calls[0].reason === "shutdown");
 *     console.assert(token.calls.map((call) => call.effective).join() === "true,false");
 *   },
 *   { backend: new VirtualBackend() },
 * );
 * ```
 */
export class MockCancellationToken extends CancellationToken {
  readonly #calls: CancelCall[] = [];

  /** Every call of `cancel` with arguments that it takes, in order: a copy. */
  get calls(): readonly CancelCall[] {
    return [...this.#calls];
  }

  /** As every token's, and recorded before anybody is told. */
  override cancel(reason: CancellationReason = "manual", message?: string): boolean {
    return this.#cancelAt(detectBackend().now(), reason, message);
  }

  /**
   * Calls {@link cancel} when `span` (milliseconds, a `Duration`, or `null` for never) is over, on the clock
   * of the backend that this is called on; never before this returns, also for 0 and less. Disposing
   * takes it back. A token that was cancelled meanwhile records it as a repeat.
   *
   * @throws TypeError or RangeError for what is no span, no reason, or no message, now.
   */
  scheduleCancel(span: Span, reason: CancellationReason = "manual", message?: string): Disposable {
    const ms = toMilliseconds(span, "span");
    requireReason(reason, message);
    if (ms === Number.POSITIVE_INFINITY) return { [Symbol.dispose]() {} };
    const backend = detectBackend();
    const cancel = (): void => void this.#cancelAt(backend.now(), reason, message);
    if (ms > 0) return backend.setTimer(backend.now() + ms, cancel);
    // A timer that is due may fire at once.
    return { [Symbol.dispose]: backend.turn(cancel) };
  }

  #cancelAt(time: number, reason: CancellationReason, message: string | undefined): boolean {
    requireReason(reason, message);
    this.#calls.push({ time, reason, message, effective: !this.isCancelled });
    return super.cancel(reason, message);
  }
}
