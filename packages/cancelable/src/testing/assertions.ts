import { invalidType, isThenable, outOfRange, show } from "../arguments.ts";
import { detectBackend } from "../backends/detect.ts";
import { cancellationOf } from "../cancellation-of.ts";
import { formatSpan, type Span, toMilliseconds } from "../duration.ts";
import type { CancellationError } from "../errors.ts";
import { moveOnAfter } from "../flow/move-on-after.ts";
import { waitFor } from "../flow/wait-for.ts";
import { isError } from "../realms.ts";
import { AssertionError } from "./assertion-error.ts";

/**
 * Asserts that `work` rejects with a cancellation between `min` and `max`, inclusive. The time counts from this call on
 * the clock of the ambient backend. Resolves with the cancellation.
 *
 * The assertion does not wait for ever. At `max` plus 1 ms it cancels the operations and scopes that a function has
 * started, and waits for them. A promise is not cancelled.
 *
 * @param min In milliseconds or as a `Duration`.
 * @param max In milliseconds or as a `Duration`.
 * @param work A promise, or a function that is called immediately.
 * @throws AssertionError "too early", "too late", or "Expected cancellation" for another end, with the error of `work`
 * as the `cause`. TypeError or RangeError for invalid arguments.
 * @example
 * ```ts
 * import { Cancellable, run, sleepForever } from "@hother/cancelable";
 * import { assertCancellationWithin, VirtualBackend } from "@hother/cancelable/testing";
 *
 * await run(
 *   async () => {
 *     const error = await assertCancellationWithin(90, 110, () =>
 *       Cancellable.withTimeout(100).run(() => sleepForever()),
 *     );
 *     console.assert(error.reason === "timeout");
 *   },
 *   { backend: new VirtualBackend() },
 * );
 * ```
 */
export async function assertCancellationWithin(
  min: Span,
  max: Span,
  work: PromiseLike<unknown> | (() => unknown),
): Promise<CancellationError> {
  const from = toMilliseconds(min, "min");
  const to = toMilliseconds(max, "max");
  if (!(from >= 0)) throw outOfRange("min", "at least 0", min);
  if (!(to >= from)) throw outOfRange("max", "at least min", max);
  if (typeof work !== "function" && !isThenable(work)) {
    throw invalidType("work", "a promise or a function", work);
  }
  const backend = detectBackend();
  const start = backend.now();
  let elapsed = 0;
  let failed: { readonly error: unknown } | undefined;
  let value: unknown;
  await moveOnAfter(to + 1, async () => {
    try {
      value = await waitFor<unknown>(work);
    } catch (error) {
      failed = { error };
    }
    elapsed = backend.now() - start;
  });
  const window = `within ${formatSpan(from)} to ${formatSpan(to)}`;
  const after = formatSpan(elapsed);
  if (failed === undefined) {
    throw new AssertionError(
      `Expected cancellation ${window}, but after ${after} it returned ${show(value)}`,
    );
  }
  const { error } = failed;
  const cancellation = cancellationOf(error);
  if (cancellation === undefined) {
    const what = isError(error) ? `${error.name}: ${error.message}` : show(error);
    throw new AssertionError(`Expected cancellation ${window}, but after ${after} it failed: ${what}`, {
      cause: error,
    });
  }
  if (elapsed < from) {
    throw new AssertionError(`Cancelled too early: after ${after}, expected ${window}`, { cause: error });
  }
  if (elapsed > to) {
    throw new AssertionError(
      `Cancelled too late: still running after ${formatSpan(to)}, expected ${window}`,
      { cause: error },
    );
  }
  return cancellation;
}
