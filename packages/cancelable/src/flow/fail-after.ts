import type { Span } from "../duration.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import { emptyStack, releaseIfOverflow } from "../scope/empty-stack.ts";
import { parentNode, type ScopeOptions } from "../scope/scope-options.ts";
import { timedScope } from "./timed-scope.ts";

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
  try {
    const parent = parentNode(options);
    // `undefined` is possible only without `fail`: here a timeout rejects.
    return timedScope(span, options, parent, "failAfter").execute(body, true, parent) as Promise<T>;
  } catch (error) {
    const rejected: Promise<never> = emptyStack.then(() => {
      releaseIfOverflow(rejected, error);
      throw error;
    });
    return rejected;
  }
}
