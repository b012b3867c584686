import { requireOptions } from "../arguments.ts";
import type { Span } from "../duration.ts";
import { CancelScope, type ParentOption } from "../scope/cancel-scope.ts";

export interface ShieldOptions extends ParentOption {
  /** Time allowed inside; when it is over the shield rejects with a `TimeoutCancellation`. Default: no limit. */
  readonly timeout?: Span;
}

/**
 * Runs `body` where outer cancellation does not reach: for clean-up that awaits. Leaving it is no
 * checkpoint: the next one outside throws what waits there.
 *
 * @example
 * ```ts
 * import { moveOnAfter, shield, sleep } from "@hother/cancelable";
 *
 * let cleaned = false;
 * await moveOnAfter(10, async () => {
 *   try {
 *     await sleep(60_000);
 *   } finally {
 *     await shield(async () => {
 *       await sleep(5);
 *       cleaned = true;
 *     }, { timeout: 1_000 });
 *   }
 * });
 * console.assert(cleaned);
 * ```
 */
export async function shield<T>(
  body: (scope: CancelScope) => T | PromiseLike<T>,
  options?: ShieldOptions,
): Promise<T> {
  requireOptions(options);
  // It resolves with the body's value or rejects: `undefined` is the other mode's.
  return new CancelScope({ ...options, shield: true }).execute(body, true) as Promise<T>;
}
