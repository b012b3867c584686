import { requireFunction } from "../arguments.ts";
import type { AmbientScope } from "../scope/ambient-scope.ts";
import type { StreamInput } from "../streams/reading/stream-input.ts";
import { type ConcurrencyOptions, inGroup, toConcurrency } from "./in-group.ts";
import { itemsOf } from "./pulling.ts";

/**
 * Calls `fn` for every item of an iterable or async iterable, at most `concurrency` calls at the same time, and resolves
 * with the results in order. An item is pulled when a call can start, and not before. The first failure, of `fn` or of
 * the source, cancels the running calls and closes the source, and `map` rejects with it when all of them have ended.
 *
 * @param fn Gets the item, its index, and the scope of the call. On hosts without AsyncLocalStorage, hand this scope as
 * `parent` to the operations that the call starts.
 *
 * @example
 * ```ts
 * import { map, sleep } from "@hother/cancelable";
 *
 * const doubled = await map([1, 2, 3], async (n) => {
 *   await sleep(1);
 *   return 2 * n;
 * }, { concurrency: 2 });
 * console.assert(doubled.join() === "2,4,6");
 * ```
 */
export async function map<I, T>(
  items: StreamInput<I>,
  fn: (item: I, index: number, scope: AmbientScope) => T | PromiseLike<T>,
  options?: ConcurrencyOptions,
): Promise<T[]> {
  requireFunction(fn, "fn");
  const limits = toConcurrency(options, "map");
  const results: T[] = [];
  await inGroup(itemsOf(items, "items"), limits, fn, (result: T, index) => {
    results[index] = result;
  });
  return results;
}
