import { type Span, toMilliseconds } from "../duration.ts";
import { CancelScope, type ParentOption, parentNode } from "../scope/cancel-scope.ts";
import { requireOptions } from "../usage-error.ts";

export interface TimedScopeOptions extends ParentOption {
  /** Whether cancellation from outside is kept out; the own deadline still holds. Default: false. */
  readonly shield?: boolean;
}

/** What `moveOnAfter` and `failAfter` share: `fail` lets the timeout out as an error. */
export function runTimed<T>(
  span: Span,
  body: (scope: CancelScope) => T | PromiseLike<T>,
  options: TimedScopeOptions | undefined,
  fail: boolean,
): Promise<T | undefined> {
  try {
    const ms = toMilliseconds(span, "span");
    requireOptions(options);
    const parent = parentNode(options);
    return new CancelScope(options, parent.host, ms).execute(body, fail, parent);
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Runs `body` for at most `span` (milliseconds, a `Duration`, or `null` for no limit). Resolves with its
 * value, or with `undefined` when the time is over: the body's awaits are then cancelled, and it has
 * ended before this resolves. An outer cancellation passes through (trio: `move_on_after`).
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
  options?: TimedScopeOptions,
): Promise<T | undefined> {
  return runTimed(span, body, options, false);
}
