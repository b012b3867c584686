import { expect } from "vitest";
import { cancellableStream, chunk, merge, moveOnAfter, Queue, sleep } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { collect } from "./sources.ts";

function filled<T>(...items: readonly T[]): Queue<T> {
  const queue = new Queue<T>();
  for (const item of items) queue.putNowait(item);
  return queue;
}

describeEverywhere("items that were pulled and not delivered", (everywhere) => {
  everywhere("a chunk that is cut off by a cancellation gives its items to onUndelivered", async () => {
    const chunks: string[][] = [];
    const rest: string[] = [];
    const queue = filled("a", "b", "c", "d", "e");
    await moveOnAfter(100, () =>
      collect(chunk(queue, 3, { onUndelivered: (item) => rest.push(item) }), chunks),
    );
    expect([chunks, rest]).toEqual([[["a", "b", "c"]], ["d", "e"]]);
  });

  everywhere("a chunk that is cut off by a failure gives its items to onUndelivered", async (t) => {
    const failure = new Error("source");
    async function* source(): AsyncGenerator<number> {
      yield 1;
      yield 2;
      throw failure;
    }
    const broken = new Error("callback");
    const rest: number[] = [];
    const chunks = chunk(source(), 3, {
      onUndelivered: async (item) => {
        rest.push(item);
        throw broken;
      },
    });
    expect(await rejection(collect(chunks))).toBe(failure);
    expect(rest).toEqual([1, 2]);
    await sleep(1);
    expect(t.reported.splice(0)).toEqual([broken, broken]);
  });

  everywhere("an error that onUndelivered throws goes to the reporter", async (t) => {
    const broken = new Error("callback");
    const onUndelivered = (): never => {
      throw broken;
    };
    await moveOnAfter(5, () => collect(chunk(filled(1, 2), 3, { onUndelivered })));
    expect(t.reported.splice(0).every((error) => error === broken)).toBe(true);
  });

  everywhere("merge gives what its sources are ahead to onUndelivered, when the loop is left", async () => {
    const rest: (string | number)[] = [];
    const [letters, numbers] = [filled("a", "b"), filled(1, 2)];
    const merged = merge(letters, numbers, { onUndelivered: (item) => rest.push(item) });
    const first = await merged.next();
    await sleep(1);
    await merged.return(undefined);
    expect(first.value).toBe("a");
    expect([...rest, letters.size, numbers.size]).toEqual([1, 1, 1]);
  });

  everywhere("an item that arrives after the reader has given the source up is not lost", async () => {
    const pending: ((result: IteratorResult<number>) => void)[] = [];
    const late = (): AsyncIterable<number> => ({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise((resolve) => pending.push(resolve)) }),
    });
    const rest: number[] = [];
    const onUndelivered = (item: number): void => void rest.push(item);
    await moveOnAfter(100, () => collect(chunk(late(), 1, { onUndelivered })));
    await moveOnAfter(100, () => collect(merge(late(), { onUndelivered })));
    await rejection(collect(cancellableStream(late(), { timeout: 100, onUndelivered })));
    for (const [index, resolve] of pending.entries()) resolve({ done: false, value: index });
    await sleep(1);
    expect(rest).toEqual([0, 1, 2]);
  });

  everywhere("onUndelivered must be a function", () => {
    const wrong = { onUndelivered: 1 } as never;
    for (const call of [
      () => chunk([1], 1, wrong),
      () => merge([1], wrong),
      () => cancellableStream([1], wrong),
    ]) {
      expect(call).toThrow("options.onUndelivered must be a function; got 1");
    }
  });
});
