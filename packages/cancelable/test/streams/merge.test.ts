import { expect } from "vitest";
import {
  cancellableStream,
  merge,
  moveOnAfter,
  sleep,
  sleepForever,
  TimeoutSource,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until } from "../until.ts";
import { collect, numbers, ticks, webStream } from "./sources.ts";

type Next = () => IteratorResult<number> | PromiseLike<IteratorResult<number>>;

/** A source that consists of `next` and an optional `return`. */
const made = (next: Next, close?: () => Promise<never>): AsyncIterable<number> => ({
  [Symbol.asyncIterator]: () =>
    ({ next, ...(close === undefined ? {} : { return: close }) }) as unknown as AsyncIterator<number>,
});

describeEverywhere("merge", (everywhere) => {
  everywhere("the items of all sources come as they arrive, until the last source has ended", async (t) => {
    const named = async function* (name: string, count: number, ms: number): AsyncGenerator<string> {
      for await (const n of ticks(count, ms)) yield `${name}${n}`;
    };
    const order = await collect(merge(named("a", 3, 20), named("b", 2, 50)));
    expect([...order].sort()).toEqual(["a0", "a1", "a2", "b0", "b1"]);
    if (t.backend.name === "virtual") expect(order).toEqual(["a0", "a1", "b0", "a2", "b1"]);
    t.expectElapsed(100);
    expect(await collect(merge())).toEqual([]);
    expect((await collect(merge([1, 2], ["x"]))).sort()).toEqual([1, 2, "x"]);
  });

  everywhere("no source is pulled more than one item ahead", async () => {
    const quick = numbers(100);
    const other = numbers(100);
    const merged = merge(quick.source, other.source);
    for (let i = 0; i < 5; i++) await merged.next();
    await sleep(5);
    expect(quick.watch.pulled + other.watch.pulled).toBeLessThanOrEqual(6);
    await merged.return(undefined);
    expect([quick.watch.returned, other.watch.returned]).toEqual([1, 1]);
  });

  everywhere("when one source fails the others have closed, also silent ones", async (t) => {
    const failure = new Error("one");
    async function* failing(): AsyncGenerator<string> {
      await sleep(10);
      yield "before";
      await sleep(10);
      throw failure;
    }
    const silent = numbers(5, 60_000);
    const reasons: unknown[] = [];
    const web = webStream([], reasons, () => sleep(15));
    const seen: unknown[] = [];
    expect(
      await rejection(
        collect(
          merge<[AsyncIterable<unknown>, AsyncIterable<unknown>, ReadableStream]>(
            failing(),
            silent.source,
            web,
          ),
          seen,
        ),
      ),
    ).toBe(failure);
    expect(seen).toEqual(["before"]);
    expect([silent.watch.returned, reasons.length]).toEqual([1, 1]);
    t.expectElapsed(35);
  });

  everywhere("the scope around merge ends it, and merge may be the source of a stream", async (t) => {
    const one = numbers(5, 60_000);
    const two = numbers(5, 60_000);
    await moveOnAfter(null, async (scope) => {
      const collected = collect(merge(one.source, two.source));
      await until(() => one.watch.pulled === 1 && two.watch.pulled === 1);
      scope.deadline = t.backend.now() + 10;
      await collected;
    });
    expect([one.watch.returned, two.watch.returned]).toEqual([1, 1]);
    const three = numbers(5, 60_000);
    const stream = cancellableStream(merge(three.source, ticks(1, 1)), { bufferPartial: true });
    const reading = async (): Promise<void> => {
      for await (const _ of stream) stream.operation.addSource(new TimeoutSource(89));
    };
    expect(await rejection(reading())).toBe(stream.operation.error);
    expect(stream.partialResult.items).toEqual([0]);
    expect(three.watch.returned).toBe(1);
    t.expectElapsed(100);
  });

  everywhere(
    "sources are closed when the consumer leaves before the first read or while every source is silent",
    async (t) => {
      async function* source(closed: () => void): AsyncGenerator<number> {
        try {
          await sleep(60_000);
          yield 1;
        } finally {
          closed();
        }
      }
      let unread = 0;
      const iterator: AsyncIterableIterator<number> = {
        next: async () => ({ done: true, value: undefined }),
        return: async () => ({ done: true, value: unread++ }),
        [Symbol.asyncIterator]: () => iterator,
      };
      await merge(iterator, numbers(1).source)[Symbol.asyncDispose]();
      expect(unread).toBe(1);
      let closed = 0;
      const merged = merge(
        source(() => closed++),
        source(() => closed++),
      );
      const waiting = merged.next();
      await sleep(5);
      await merged.return(undefined);
      expect(await waiting).toEqual({ done: true, value: undefined });
      expect(closed).toBe(2);
      t.expectElapsed(5);
    },
  );
});

describeEverywhere("errors of sources that merge closes", (everywhere) => {
  const broken = (failure: Error, next: Next = async () => ({ done: false, value: 1 })) =>
    made(next, () => Promise.reject(failure));
  const [one, two] = [new Error("one"), new Error("two")];

  everywhere("the first error goes to the consumer that leaves, and the others are reported", async (t) => {
    const merged = merge(broken(one), broken(two));
    await merged.next();
    expect(await rejection(merged.return(undefined))).toBe(one);
    expect(t.reported.splice(0)).toEqual([two]);
  });

  everywhere(
    "after a source has failed, its error comes out and the errors of the others are reported",
    async (t) => {
      const failing = made(() => Promise.reject(two));
      expect(
        await rejection(
          collect(
            merge(
              broken(one, () => sleepForever()),
              failing,
            ),
          ),
        ),
      ).toBe(two);
      expect(t.reported.splice(0)).toEqual([one]);
      const quick = merge(broken(one), failing);
      expect(await rejection(collect(quick))).toBe(two);
      expect(t.reported.splice(0)).toEqual([one]);
    },
  );

  everywhere("a cancellation of everything comes out without reports", async () => {
    const silent = () => made(() => sleepForever());
    expect(await moveOnAfter(5, () => collect(merge(silent(), silent())))).toBeUndefined();
  });
});
