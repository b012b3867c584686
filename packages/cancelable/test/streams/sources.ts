import { sleep } from "../../src/index.ts";

/** A record of the calls to a source. */
export interface Watch {
  pulled: number;
  returned: number;
}

/** Yields `count` numbers, one every `ms`, from a plain iterator that records its calls. */
export function numbers(
  count: number,
  ms = 0,
): { readonly watch: Watch; readonly source: AsyncIterable<number> } {
  const watch: Watch = { pulled: 0, returned: 0 };
  const source: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = watch.pulled++;
        if (value >= count) return { done: true, value: undefined };
        if (ms > 0) await sleep(ms);
        return { done: false, value };
      },
      async return() {
        watch.returned++;
        return { done: true, value: undefined };
      },
    }),
  };
  return { watch, source };
}

/** Yields `count` numbers, one every `ms`, from an async generator. */
export async function* ticks(count: number, ms: number): AsyncGenerator<number, void, undefined> {
  for (let n = 0; n < count; n++) {
    await sleep(ms);
    yield n;
  }
}

export async function collect<T>(source: AsyncIterable<T>, into: T[] = []): Promise<T[]> {
  for await (const item of source) into.push(item);
  return into;
}

/** A web stream of `items` that stays open after them and records the reasons of its cancellations. */
export function webStream<T>(
  items: readonly T[],
  cancelled: unknown[],
  onCancel?: () => Promise<void>,
): ReadableStream<T> {
  return new ReadableStream<T>({
    start(controller) {
      for (const item of items) controller.enqueue(item);
    },
    async cancel(reason) {
      cancelled.push(reason);
      await onCancel?.();
    },
  });
}
