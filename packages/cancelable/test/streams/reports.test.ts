import { expect } from "vitest";
import { Cancellable, cancellableStream, currentOperation, sleep } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { stream } from "./operation-stream.ts";
import { collect, numbers } from "./sources.ts";

describeEverywhere("the reports of a stream", (everywhere) => {
  everywhere(
    "onProgress gets every n-th item before the consumer, synchronously or asynchronously (PAR-STR-03, PAR-STR-05)",
    async () => {
      for (const wait of [false, true]) {
        const calls: unknown[] = [];
        const onProgress = (count: number, item: number): unknown => {
          calls.push([count, item]);
          return wait ? sleep(1) : undefined;
        };
        await collect(cancellableStream(numbers(25).source, { onProgress, reportEvery: 10 }));
        expect(calls).toEqual([
          [10, 9],
          [20, 19],
        ]);
      }
      const all: unknown[] = [];
      await collect(cancellableStream("ab", { onProgress: (count, item) => all.push(`${count}${item}`) }));
      expect(all).toEqual(["1a", "2b"]);
    },
  );

  everywhere(
    "the operation reports every n items, with the count and the latest item (PAR-CAN-17)",
    async () => {
      const reports: unknown[] = [];
      await new Cancellable()
        .onProgress((progress, { metadata }) => reports.push([progress, metadata]))
        .run((op) => collect(stream(op, numbers(25).source, { reportEvery: 10 })));
      expect(reports).toEqual([
        ["Processed 10 items", { count: 10, latestItem: 9 }],
        ["Processed 20 items", { count: 20, latestItem: 19 }],
      ]);
    },
  );

  everywhere("other reports of the operation do not call onProgress (PAR-STR-04)", async () => {
    const calls: unknown[] = [];
    async function* source(): AsyncGenerator<number, void, undefined> {
      currentOperation()?.reportProgress("no figures");
      currentOperation()?.reportProgress("some", { count: 1 });
      yield 7;
    }
    await collect(cancellableStream(source(), { onProgress: (...args) => calls.push(args) }));
    expect(calls).toEqual([[1, 7]]);
  });

  everywhere("an onProgress that throws or rejects is reported and stops nothing", async (t) => {
    const sync = new Error("sync");
    const late = new Error("late");
    const onProgress = (count: number): unknown => {
      if (count === 1) throw sync;
      return Promise.reject(late);
    };
    expect(await collect(cancellableStream([1, 2], { onProgress }))).toEqual([1, 2]);
    await sleep(1);
    expect(t.reported.splice(0)).toEqual([sync, late]);
  });

  everywhere(
    "the partial result has every item of a completed stream, and the delivered items of a cancelled one (PAR-STR-06)",
    async () => {
      const done = cancellableStream(numbers(5).source, { bufferPartial: true });
      await collect(done);
      const expected = { count: 5, completed: true, items: [0, 1, 2, 3, 4] };
      expect(done.partialResult).toEqual(expected);
      expect(done.operation.context.partialResult).toEqual(expected);
      expect(JSON.parse(JSON.stringify(done.operation.context.partialResult))).toEqual(expected);
      const cut = cancellableStream(numbers(5).source, { bufferPartial: true });
      const reading = async (): Promise<void> => {
        for await (const item of cut) if (item === 3) cut.operation.cancel();
      };
      expect(await rejection(reading())).toBe(cut.operation.error);
      expect(cut.operation.context.partialResult).toEqual({
        count: 4,
        completed: false,
        items: [0, 1, 2, 3],
      });
    },
  );

  everywhere(
    "without a buffer there are no items, and an empty stream has no partial result (PAR-STR-07, PAR-CAN-18)",
    async () => {
      const plain = cancellableStream(numbers(2).source);
      await collect(plain);
      expect(plain.operation.context.partialResult).toEqual({ count: 2, completed: true });
      expect(plain.partialResult.items).toBeUndefined();
      const empty = cancellableStream([]);
      await collect(empty);
      expect(empty.operation.context.partialResult).toBeUndefined();
      const buffered = cancellableStream([], { bufferPartial: true });
      await collect(buffered);
      expect(buffered.operation.context.partialResult).toEqual({ count: 0, completed: true, items: [] });
    },
  );

  everywhere(
    "the buffer keeps the latest 1,000 items, or the given number (PAR-STR-07, PAR-CAN-19)",
    async () => {
      const items = Array.from({ length: 2_000 }, (_, n) => n);
      const read = cancellableStream(items, { bufferPartial: true });
      expect(await collect(read)).toEqual(items);
      expect(read.partialResult).toMatchObject({ count: 2_000, completed: true });
      expect(read.partialResult.items).toEqual(items.slice(1_000));
      const exactly = cancellableStream(items.slice(0, 1_001), { bufferPartial: true });
      await collect(exactly);
      expect(exactly.partialResult.items?.[0]).toBe(1);
      const few = cancellableStream(items, { bufferPartial: 3 });
      await collect(few);
      expect(few.partialResult.items).toEqual([1_997, 1_998, 1_999]);
    },
  );

  everywhere("the partial result is a copy", async () => {
    const read = cancellableStream([1, 2], { bufferPartial: true });
    await collect(read);
    read.partialResult.items?.push(3);
    expect(read.partialResult.items).toEqual([1, 2]);
  });
});
