import { invalidType } from "../arguments.ts";
import { type Span, toInterval } from "../duration.ts";
import { sleep } from "../flow/sleep.ts";

/**
 * An async generator that yields the items one by one, each after `interval` on the clock of the reader's backend. The
 * wait is a checkpoint. Items are not read ahead.
 *
 * @param interval In milliseconds or as a `Duration`. Must be positive and finite.
 * @throws TypeError or RangeError for invalid arguments.
 * @example
 * ```ts
 * import { moveOnAfter, run } from "@hother/cancelable";
 * import { createSlowStream, VirtualBackend } from "@hother/cancelable/testing";
 *
 * const seen: string[] = [];
 * const read = async () => {
 *   for await (const item of createSlowStream(["a", "b", "c"], 100)) seen.push(item);
 * };
 * await run(() => moveOnAfter(250, read), { backend: new VirtualBackend() });
 * console.assert(seen.join() === "a,b");
 * ```
 */
export function createSlowStream<T>(
  items: Iterable<T> | AsyncIterable<T>,
  interval: Span,
): AsyncGenerator<T, void, undefined> {
  const source = items as Partial<Iterable<T> & AsyncIterable<T>> | null | undefined;
  if (
    typeof source?.[Symbol.iterator] !== "function" &&
    typeof source?.[Symbol.asyncIterator] !== "function"
  ) {
    throw invalidType("items", "an iterable or an async iterable", items);
  }
  return deliver(items, toInterval(interval, "interval"));
}

async function* deliver<T>(
  items: Iterable<T> | AsyncIterable<T>,
  ms: number,
): AsyncGenerator<T, void, undefined> {
  for await (const item of items) {
    await sleep(ms);
    yield item;
  }
}
