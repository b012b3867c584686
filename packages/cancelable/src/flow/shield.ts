import { requireKnownOptions } from "../known-options.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { type Limits, limits } from "../scope/scope-options.ts";

/** The options of {@link shield}. When the `timeout` is over, the shield rejects with a `TimeoutCancellation`. */
export type ShieldOptions = Limits;

/**
 * Runs `body` protected from cancellation from outside: for clean-up that awaits. The end of a shield is no
 * checkpoint: a pending cancellation is thrown by the next checkpoint after the shield.
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
  requireKnownOptions(options, limits, "shield");
  // `undefined` is possible only without `fail`: here a timeout rejects.
  return new CancelScope({ ...options, shield: true }).execute(body, true) as Promise<T>;
}
