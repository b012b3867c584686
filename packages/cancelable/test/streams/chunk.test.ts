import { describe, expect } from "vitest";
import {
  Cancellable,
  type CancelScope,
  cancellableStream,
  chunk,
  merge,
  moveOnAfter,
  Queue,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { deferred, describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { cancelledAtEveryTurn } from "../every-turn.ts";
import { until } from "../until.ts";
import { stream } from "./operation-stream.ts";
import { collect, numbers, ticks } from "./sources.ts";

describeEverywhere("chunk", (everywhere) => {
  everywhere(
    "the chunks are arrays of n items, the last one with the rest, and never empty (PAR-STR-09)",
    async () => {
      expect(await collect(chunk(numbers(7).source, 3))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
      expect(await collect(chunk([1, 2, 3, 4], 2))).toEqual([
        [1, 2],
        [3, 4],
      ]);
      expect(await collect(chunk([], 2))).toEqual([]);
      expect(await collect(chunk("abc", Number.POSITIVE_INFINITY))).toEqual([["a", "b", "c"]]);
    },
  );

  everywhere("the ambient operation reports every n-th chunk on request (PAR-STR-09)", async () => {
    const reports: unknown[] = [];
    const reporting = (options: { readonly reportEvery?: number }): Promise<number[][]> =>
      new Cancellable()
        .onProgress((progress) => reports.push(progress))
        .run((op) => collect(chunk(stream(op, numbers(12).source), 5, options)));
    await reporting({});
    expect(reports.splice(0)).toEqual([]);
    await reporting({ reportEvery: 1 });
    expect(reports.splice(0)).toEqual(["Processed 1 chunks", "Processed 2 chunks", "Processed 3 chunks"]);
    await reporting({ reportEvery: 2 });
    expect(reports).toEqual(["Processed 2 chunks"]);
  });

  everywhere("a timeout of the stream or of the scope around it ends the chunks (PAR-STR-09)", async (t) => {
    const chunks: number[][] = [];
    await moveOnAfter(55, () => collect(chunk(ticks(100, 10), 2), chunks));
    t.expectElapsed(55);
    // On a busy machine no chunk may arrive in time.
    expect(chunks.flat()).toEqual([0, 1, 2, 3].slice(0, chunks.length * 2));
    if (t.backend.name === "virtual") expect(chunks.length).toBe(2);
    const inner = cancellableStream(ticks(100, 10), { timeout: 55 });
    expect(await rejection(collect(chunk(inner, 2), chunks))).toBe(inner.operation.error);
    t.expectElapsed(110);
  });

  everywhere(
    "the source is closed when the consumer leaves, and when a cancellation finds the source silent",
    async () => {
      const left = numbers(10);
      for await (const _ of chunk(left.source, 2)) break;
      expect(left.watch).toEqual({ pulled: 2, returned: 1 });
      const silent = numbers(10, 60_000);
      await moveOnAfter(null, async (scope) => {
        const collected = collect(chunk(silent.source, 2));
        await until(() => silent.watch.pulled === 1);
        scope.cancel();
        await collected;
      });
      expect(silent.watch).toEqual({ pulled: 1, returned: 1 });
      await sleep(0);
    },
  );

  everywhere(
    "a consumer that leaves a silent source gets the items so far, and the source is closed",
    async (t) => {
      const closed: string[] = [];
      async function* source(): AsyncGenerator<number> {
        try {
          yield 1;
          await sleep(60_000);
        } finally {
          closed.push("closed");
        }
      }
      const chunks = chunk(source(), 2);
      const waiting = chunks.next();
      await sleep(5);
      await chunks.return(undefined);
      expect([await waiting, closed]).toEqual([{ done: false, value: [1] }, ["closed"]]);
      t.expectElapsed(5);
    },
  );
});

describeEverywhere("chunk: time and overlap", (everywhere) => {
  inVirtualTime(
    "a chunk comes `every` after its first item, although it is not full (rule 44)",
    async (t) => {
      const found: string[] = [];
      // Items at 10, 20, 30, …
      for await (const items of chunk(ticks(7, 10), 5, { every: 25 })) {
        found.push(`${items.join("")}@${t.elapsed()}`);
      }
      expect(found).toEqual(["012@35", "345@65", "6@70"]);
    },
  );

  inVirtualTime("no item is lost when the time is up during a pull", async (t) => {
    const found: string[] = [];
    for await (const items of chunk(ticks(3, 20), 2, { every: 5 })) {
      found.push(`${items.join("")}@${t.elapsed()}`);
      if (found.length === 1) await sleep(100);
    }
    expect(found).toEqual(["0@25", "1@125", "2@145"]);
  });

  everywhere("chunks that overlap are windows, and the last one has something new", async () => {
    const numbers = [1, 2, 3, 4, 5];
    expect(await collect(chunk(numbers, 3, { overlap: 2 }))).toEqual([
      [1, 2, 3],
      [2, 3, 4],
      [3, 4, 5],
    ]);
    expect(await collect(chunk(numbers, 3, { overlap: 1 }))).toEqual([
      [1, 2, 3],
      [3, 4, 5],
    ]);
    expect(await collect(chunk(numbers, 4, { overlap: 1 }))).toEqual([
      [1, 2, 3, 4],
      [4, 5],
    ]);
  });

  everywhere("only items that were in no chunk go to onUndelivered (rule 26)", async (t) => {
    const rest: number[] = [];
    const source = async function* (scope: CancelScope): AsyncGenerator<number> {
      yield* [1, 2, 3, 4];
      scope.deadline = t.backend.now() + 20;
      await sleepForever();
    };
    const found: number[][] = [];
    const onUndelivered = (item: number): void => void rest.push(item);
    await moveOnAfter(null, (scope) =>
      collect(chunk(source(scope), 3, { overlap: 1, onUndelivered }), found),
    );
    expect([found, rest]).toEqual([[[1, 2, 3]], [4]]);
  });

  everywhere(
    "an item that comes after the time of its chunk, and after the reader has left, is told (rule 26)",
    async () => {
      const rest: number[] = [];
      const late = deferred<IteratorResult<number>>();
      let pulls = 0;
      const source: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({
          next: () => (pulls++ === 0 ? Promise.resolve({ done: false, value: 1 }) : late.promise),
        }),
      };
      const chunks = chunk(source, 3, { every: 5, onUndelivered: (item) => rest.push(item) });
      expect(await chunks.next()).toEqual({ done: false, value: [1] });
      late.resolve({ done: false, value: 2 });
      await chunks.return(undefined);
      expect(rest).toEqual([2]);
    },
  );

  everywhere("a pull in progress that ends or fails after the reader has left is no item", async (t) => {
    const boom = new Error("boom");
    for (const failure of [undefined, boom]) {
      const late = deferred<IteratorResult<number>>();
      let pulls = 0;
      const source: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({
          next: () => (pulls++ === 0 ? Promise.resolve({ done: false, value: 1 }) : late.promise),
        }),
      };
      const chunks = chunk(source, 3, { every: 5, onUndelivered: () => expect.fail("there was an item") });
      expect(await chunks.next()).toEqual({ done: false, value: [1] });
      if (failure === undefined) late.resolve({ done: true, value: undefined });
      else late.reject(failure);
      await sleep(1);
      await chunks.return(undefined);
    }
    expect(t.reported.splice(0)).toEqual([boom]);
  });

  everywhere("without a callback a half chunk is the partial result of the operation (rule 26)", async () => {
    const op = new Cancellable({ timeout: 5 });
    await op.settle(() => collect(chunk(new Queue<number>(), 2)));
    expect(op.context.partialResult).toBeUndefined();
    const queue = new Queue<number>();
    queue.putNowait(1);
    const other = new Cancellable();
    const ended = other.settle(() => collect(chunk(queue, 2)));
    await until(() => queue.waitingGetters === 1);
    other.cancel();
    await ended;
    expect(other.context.partialResult).toEqual({ count: 1, completed: false, items: [1] });
  });

  everywhere("throw() before the first next() closes the source once (VERB-39)", async () => {
    for (const make of [chunk, (source: AsyncIterable<number>) => merge(source)] as const) {
      const { source, watch } = numbers(3);
      const iterator = source[Symbol.asyncIterator]();
      const generator = { ...iterator, [Symbol.asyncIterator]: () => iterator } as AsyncIterable<number>;
      const boom = new Error("boom");
      const reading = make(generator, 2) as AsyncGenerator<unknown>;
      expect(await rejection(reading.throw(boom))).toBe(boom);
      expect(await reading.next()).toEqual({ done: true, value: undefined });
      expect(watch).toEqual({ pulled: 0, returned: 1 });
    }
  });

  everywhere("throw() reports an error of the closing, and rejects with its own", async (t) => {
    const [boom, broken] = [new Error("boom"), new Error("broken")];
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        return: () => Promise.reject(broken),
      }),
    };
    const chunks = chunk(source, 1);
    await chunks.next();
    expect(await rejection(chunks.throw(boom))).toBe(boom);
    expect(t.reported.splice(0)).toEqual([broken]);
  });

  everywhere("bad times and overlaps are refused at once", () => {
    expect(() => chunk([], 2, { every: Number.NaN })).toThrow(RangeError);
    expect(() => chunk([], 2, { every: "5" as never })).toThrow(/^options\.every must be/);
    expect(() => chunk([], 2, { overlap: 2 })).toThrow(
      /^options\.overlap must be less than the size, 2; got 2/,
    );
    for (const overlap of [-1, 1.5, Number.NaN]) {
      expect(() => chunk([], 2, { overlap })).toThrow(/^options\.overlap must be a whole number/);
    }
  });
});

describe("chunk in a scope that is cancelled at every turn", () => {
  const pulled: number[] = [];
  const found: number[] = [];
  async function* source(): AsyncGenerator<number> {
    for (let n = 0; n < 6; n++) {
      await sleep(n % 2 === 0 ? 1 : 4);
      pulled.push(n);
      yield n;
    }
  }

  cancelledAtEveryTurn(
    "every item is in one chunk or given to onUndelivered (rule 26)",
    async () => {
      for await (const items of chunk(source(), 4, { every: 3, onUndelivered: (n) => found.push(n) })) {
        found.push(...items);
        await sleep(2);
      }
    },
    {
      times: [0, 1, 4, 5, 6, 9],
      after() {
        expect(found.splice(0)).toEqual(pulled.splice(0));
      },
    },
  );
});
