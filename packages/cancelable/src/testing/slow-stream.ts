import { invalidType } from "../arguments.ts";
import { type Span, toInterval } from "../duration.ts";
import { sleep } from "../flow/sleep.ts";

/**
 * An async iterable that gives the items one by one, each after `interval` (milliseconds or a `Duration`,
 * more than 0) on the clock of whoever asks for it. Asked in a cancelled scope, or cancelled while it waits,
 * it rejects with the cancellation. It reads no item ahead.
 *
 * @throws TypeError or RangeError for what is no iterable, and for an interval that is not positive and finite.
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
