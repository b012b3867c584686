import type { Span } from "../duration.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import { runTimed, type TimedScopeOptions } from "./timed-scope.ts";

/**
 * Runs `body` for at most `span`; rejects with a `TimeoutCancellation` when the time is over and the
 * body has ended. The body itself sees a cancellation at its awaits. If somebody calls
 * `scope.cancel()`, it rejects with that cancellation, which is no timeout (anyio: `fail_after`).
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
  options?: TimedScopeOptions,
): Promise<T> {
  // It resolves with the body's value or rejects: `undefined` is the other mode's.
  return runTimed(span, body, options, true) as Promise<T>;
}
