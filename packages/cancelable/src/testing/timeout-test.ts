import { outOfRange, requireFunction } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { formatSpan, type Span, toMilliseconds } from "../duration.ts";
import type { CancellationError } from "../errors.ts";
import { requireKnownOptions } from "../known-options.ts";
import { AssertionError } from "./assertion-error.ts";
import { assertCancellationWithin } from "./assertions.ts";

/** The options of {@link runWithTimeoutTest}. */
export interface TimeoutTestOptions {
  /**
   * The maximum difference between `span` and the actual end, in milliseconds or as a `Duration`. It is also the time
   * that the body may take to end after the cancellation. Default: 100 ms.
   */
  readonly tolerance?: Span | undefined;
}

/**
 * Runs `body` in an operation with a timeout, and asserts that the timeout ends the operation on time, on the clock of
 * the ambient backend. Resolves with the error of the timeout.
 *
 * @param span The timeout, in milliseconds or as a `Duration`.
 * @throws AssertionError if the body completes, fails, is cancelled for another reason, or has not ended within the
 * tolerance. TypeError or RangeError for invalid arguments.
 * @example
 * ```ts
 * import { run, sleep } from "@hother/cancelable";
 * import { runWithTimeoutTest, VirtualBackend } from "@hother/cancelable/testing";
 *
 * await run(() => runWithTimeoutTest({ seconds: 30 }, () => sleep({ hours: 1 }), { tolerance: 0 }), {
 *   backend: new VirtualBackend(),
 * });
 * ```
 */
export async function runWithTimeoutTest<T>(
  span: Span,
  body: (op: Cancellable) => T | PromiseLike<T>,
  options?: TimeoutTestOptions,
): Promise<CancellationError> {
  const ms = Math.max(toMilliseconds(span, "span"), 0);
  if (ms === Number.POSITIVE_INFINITY) throw outOfRange("span", "finite", span);
  requireFunction(body, "body");
  requireKnownOptions(options, { tolerance: 1 }, "runWithTimeoutTest");
  const allowed = options?.tolerance === undefined ? 100 : options.tolerance;
  const tolerance = toMilliseconds(allowed, "options.tolerance");
  if (!(tolerance >= 0) || tolerance === Number.POSITIVE_INFINITY) {
    throw outOfRange("options.tolerance", "at least 0, and finite", allowed);
  }
  const op = Cancellable.withTimeout(ms, { grace: tolerance + 1 });
  const error = await assertCancellationWithin(Math.max(ms - tolerance, 0), ms + tolerance, () =>
    op.run(body),
  );
  if (error === op.error && error.reason === "timeout") return error;
  throw new AssertionError(
    `Expected a timeout after ${formatSpan(ms)}, but it was cancelled with reason "${error.reason}": ${error.message}`,
    { cause: error, actual: error.reason, expected: "timeout" },
  );
}
