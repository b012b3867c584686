import { detectBackend } from "../backends/detect.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import type { CancellationReason } from "../errors.ts";
import { type CancelOptions, requireCancelArguments } from "../token/cancel.ts";
import { CancellationToken } from "../token/token.ts";

/** One call of {@link MockCancellationToken.cancel}. */
export interface CancelCall {
  /** The time of the call on the clock of the caller's backend, in ms. */
  readonly time: number;
  readonly reason: CancellationReason;
  readonly message: string | undefined;
  /** Whether this call cancelled the token. False if the token was cancelled before. */
  readonly effective: boolean;
}

/**
 * A `CancellationToken` that records every call of `cancel`, and that can cancel itself at a later time.
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

  /** The calls of `cancel` with valid arguments, in order. Every read returns a new array. */
  get calls(): readonly CancelCall[] {
    return [...this.#calls];
  }

  /** Cancels the token. The call is recorded before the callbacks of the token run. */
  override cancel(reason: CancellationReason = "manual", message?: string, options?: CancelOptions): boolean {
    return this.#cancelAt(detectBackend().now(), reason, message, options);
  }

  /**
   * Calls {@link cancel} after `span`, on the clock of the ambient backend. The call happens after this method has
   * returned, also if `span` is 0 or less. Disposing the result prevents the call.
   *
   * @param span In milliseconds, as a `Duration`, or `null` for never.
   * @throws TypeError or RangeError immediately, for an invalid span, reason or message.
   */
  scheduleCancel(span: Span, reason: CancellationReason = "manual", message?: string): Disposable {
    const ms = toMilliseconds(span, "span");
    requireCancelArguments(reason, message);
    if (ms === Number.POSITIVE_INFINITY) return { [Symbol.dispose]() {} };
    const backend = detectBackend();
    const cancel = (): void => void this.#cancelAt(backend.now(), reason, message);
    if (ms > 0) return backend.setTimer(backend.now() + ms, cancel);
    // Not a timer: a timer that is already due may fire before this method returns.
    return { [Symbol.dispose]: backend.turn(cancel) };
  }

  #cancelAt(
    time: number,
    reason: CancellationReason,
    message: string | undefined,
    options?: CancelOptions,
  ): boolean {
    requireCancelArguments(reason, message);
    this.#calls.push({ time, reason, message, effective: !this.isCancelled });
    return super.cancel(reason, message, options);
  }
}
