import type { Span } from "../duration.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import type { ScopeOptions } from "../scope/scope-options.ts";
import { runTimed } from "./timed-scope.ts";

/**
 * Runs `body` for at most `span` (anyio: `fail_after`). When the time is over, the awaits of the body throw a
 * cancellation, and after the body has ended `failAfter` rejects with a `TimeoutCancellation`. A call of
 * `scope.cancel()` is no timeout: then `failAfter` rejects with the cancellation of this call.
 *
 * @example
 * ```ts
 * import { failAfter, sleep, TimeoutCancellation } from "@hother/cancelable";
 *
 * try {
 *   await failAfter({ milliseconds: 10 }, () => sleep(60_000));
 * } catch (error) {
 *   console.assert(error instanceof TimeoutCancellation);
 * }
 * ```
 */
export function failAfter<T>(
  span: Span,
  body: (scope: CancelScope) => T | PromiseLike<T>,
  options?: ScopeOptions,
): Promise<T> {
  // `undefined` is possible only without `fail`: here a timeout rejects.
  return runTimed(span, body, options, true, "failAfter") as Promise<T>;
}
