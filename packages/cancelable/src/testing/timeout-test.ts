import { outOfRange, requireFunction, requireOptions } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { formatSpan, type Span, toMilliseconds } from "../duration.ts";
import type { CancellationError } from "../errors.ts";
import { AssertionError } from "./assertion-error.ts";
import { assertCancellationWithin } from "./assertions.ts";

/** What {@link runWithTimeoutTest} may be told. */
export interface TimeoutTestOptions {
  /**
   * How far from the span the end may be, in milliseconds or as a `Duration`; also how long the body may
   * take to end once it is cancelled. Default: 100 ms.
   */
  readonly tolerance?: Span;
}

/**
 * Runs `body` in an operation with a timeout of `span` (milliseconds or a `Duration`), and asserts that the
 * timeout is what ends it, at `span` give or take the tolerance, on the clock of the ambient backend.
 * Resolves with the timeout's error.
 *
 * @throws AssertionError when the body completes, fails, is cancelled for another reason, or goes on after
 * the tolerance. TypeError or RangeError for arguments that cannot be right.
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
  requireOptions(options);
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
