import { expect } from "vitest";
import { cancellableStream, chunk, merge, moveOnAfter, Queue, sleep } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until } from "../until.ts";
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
    await moveOnAfter(null, async (scope) => {
      const collected = collect(chunk(queue, 3, { onUndelivered: (item) => rest.push(item) }), chunks);
      await until(() => queue.waitingGetters === 1);
      scope.cancel();
      await collected;
    });
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
    expect([first.value, ...rest].sort()).toEqual([1, "a"]);
    expect([letters.size, numbers.size]).toEqual([1, 1]);
  });

  everywhere("an item that arrives after the reader has given the source up is not lost", async (t) => {
    const pending: ((result: IteratorResult<number>) => void)[] = [];
    const late = (giveUp: () => void): AsyncIterable<number> => ({
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise((resolve) => {
            pending.push(resolve);
            t.backend.setTimer(t.backend.now() + 20, giveUp);
          }),
      }),
    });
    const rest: number[] = [];
    const onUndelivered = (item: number): void => void rest.push(item);
    for (const read of [
      (source: AsyncIterable<number>) => chunk(source, 1, { onUndelivered }),
      (source: AsyncIterable<number>) => merge(source, { onUndelivered }),
    ])
      await moveOnAfter<unknown>(null, (scope) => collect<unknown>(read(late(() => scope.cancel()))));
    const stream = cancellableStream(
      late(() => stream.operation.cancel()),
      { onUndelivered },
    );
    await rejection(collect(stream));
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
