import type { Span } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { CancelScope, type ParentOption, placeOptions } from "../scope/cancel-scope.ts";

export interface ShieldOptions extends ParentOption {
  /** Time allowed for the body. When it is over, the shield rejects with a `TimeoutCancellation`. Default: no limit. */
  readonly timeout?: Span;
}

const known: KnownOptions<ShieldOptions> = { ...placeOptions, timeout: 1 };

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
  requireKnownOptions(options, known, "shield");
  // `undefined` is possible only without `fail`: here a timeout rejects.
  return new CancelScope({ ...options, shield: true }).execute(body, true) as Promise<T>;
}
