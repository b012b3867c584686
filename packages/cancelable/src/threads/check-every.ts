import { invalidType, requireCount } from "../arguments.ts";
import { currentScope } from "../flow/current.ts";

/**
 * Returns a function for tight loops that calls `check()` of a token, a scope or an operation at the first call, and then
 * at each n-th one.
 *
 * @param n How many calls there are for one check: a whole number of at least 1.
 * @param of A token, a scope or an operation. Default: the ambient scope at this call.
 * @example
 * ```ts
 * import { SharedCancellationToken, checkEvery } from "@hother/cancelable/threads";
 *
 * using token = new SharedCancellationToken();
 * const check = checkEvery(1_000, token);
 * let sum = 0;
 * for (let i = 0; i < 1_000_000; i++) {
 *   check();
 *   sum += i;
 * }
 * console.assert(sum === 499_999_500_000);
 * ```
 */
export function checkEvery(n: number, of: { check(): void } = currentScope()): () => void {
  requireCount(n, "n", 1);
  if (typeof (of as Partial<typeof of> | null)?.check !== "function")
    throw invalidType("of", "a token, a scope or an operation", of);
  let left = 1;
  return () => {
    if (--left > 0) return;
    left = n;
    of.check();
  };
}
