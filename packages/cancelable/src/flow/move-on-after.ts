import type { Span } from "../duration.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import { emptyStack, releaseIfOverflow } from "../scope/empty-stack.ts";
import { parentNode, type ScopeOptions } from "../scope/scope-options.ts";
import { timedScope } from "./timed-scope.ts";

/**
 * Runs `body` for at most `span`: milliseconds, a `Duration`, or `null` for no limit (trio: `move_on_after`).
 * Resolves with the value of the body. When the time is over, the awaits of the body throw a cancellation, and
 * after the body has ended `moveOnAfter` resolves with `undefined`. A cancellation from outside is rethrown.
 *
 * @example
 * ```ts
 * import { moveOnAfter, sleep } from "@hother/cancelable";
 *
 * const answer = await moveOnAfter(10, async () => {
 *   await sleep({ minutes: 1 });
 *   return 42;
 * });
 * console.assert(answer === undefined);
 * ```
 */
export function moveOnAfter<T>(
  span: Span,
  body: (scope: CancelScope) => T | PromiseLike<T>,
  options?: ScopeOptions,
): Promise<T | undefined> {
  try {
    const parent = parentNode(options);
    return timedScope(span, options, parent, "moveOnAfter").execute(body, false, parent);
  } catch (error) {
    const rejected: Promise<never> = emptyStack.then(() => {
      releaseIfOverflow(rejected, error);
      throw error;
    });
    return rejected;
  }
}
