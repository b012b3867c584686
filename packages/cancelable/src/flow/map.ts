import { requireFunction, requireIterable } from "../arguments.ts";
import { type ConcurrencyOptions, inGroup, requireConcurrency } from "./in-group.ts";

/**
 * Calls `fn` for every item, at most `concurrency` calls at the same time, and resolves with the results in
 * order. The first failure cancels the running calls, and no further call starts.
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
  items: Iterable<I>,
  fn: (item: I, index: number) => T | PromiseLike<T>,
  options?: ConcurrencyOptions,
): Promise<T[]> {
  requireIterable(items, "items", "an iterable");
  requireFunction(fn, "fn");
  const concurrency = requireConcurrency(options, "map");
  const list = [...items];
  const results: T[] = new Array(list.length);
  await inGroup(list.length, concurrency, options, async (index) => {
    results[index] = await fn(list[index] as I, index);
  });
  return results;
}
