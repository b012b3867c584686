import type { Span } from "../duration.ts";
import { CancelScope, type ParentOption } from "../scope/cancel-scope.ts";
import { requireOptions } from "../usage.ts";

export interface TimedScopeOptions extends ParentOption {
  /** Whether cancellation from outside is kept out; the own deadline still holds. Default: false. */
  readonly shield?: boolean;
}

/** A timed scope from the arguments that `moveOnAfter` and `failAfter` share. */
export function timedScope(span: Span, options: TimedScopeOptions | undefined): CancelScope {
  requireOptions(options);
  return new CancelScope({ ...options, timeout: span });
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
export async function moveOnAfter<T>(
  span: Span,
  body: (scope: CancelScope) => T | PromiseLike<T>,
  options?: TimedScopeOptions,
): Promise<T | undefined> {
  return timedScope(span, options).run(body);
}
