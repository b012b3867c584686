import { expect } from "vitest";
import {
  Cancellable,
  CancellationToken,
  cancellableStream,
  currentOperation,
  isCancellation,
  sleep,
  sleepForever,
  TimeoutCancellation,
  TimeoutSource,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { stream } from "./operation-stream.ts";
import { collect, numbers, ticks } from "./sources.ts";

type Next = () => IteratorResult<number> | PromiseLike<IteratorResult<number>>;

/** A source that consists of `next` and an optional `return`. */
const made = (next: Next, close?: () => Promise<never>): AsyncIterable<number> => ({
  [Symbol.asyncIterator]: () =>
    ({ next, ...(close === undefined ? {} : { return: close }) }) as unknown as AsyncIterator<number>,
});

describeEverywhere("a cancellable stream", (everywhere) => {
  everywhere("the stream yields every item with each option set (PAR-STR-01)", async () => {
    const token = new CancellationToken();
    const { signal } = new AbortController();
    for (const options of [
      undefined,
      {},
      { timeout: 60_000 },
      { token },
      { timeout: { minutes: 1 }, token },
      { signal },
      { bufferPartial: true },
      { idleTimeout: 60_000 },
      { name: "numbers", metadata: { of: 5 }, grace: 100, id: "n-1", parent: null },
      { operation: new Cancellable() },
    ]) {
      const { source, watch } = numbers(5, 1);
      const stream = cancellableStream(source, options);
      expect(await collect(stream)).toEqual([0, 1, 2, 3, 4]);
      expect(watch).toEqual({ pulled: 6, returned: 0 });
      expect(stream.operation.context.status).toBe("completed");
      expect(stream.partialResult).toMatchObject({ count: 5, completed: true });
    }
  });

  everywhere("the stream's operation has the given id and name", async () => {
    const stream = cancellableStream(["a"], {
      id: "s-1",
      name: "letters",
      metadata: { kind: "test" },
      timeout: 1_000,
      token: new CancellationToken(),
    });
    await collect(stream);
    expect(stream.operation.context).toMatchObject({
      id: "s-1",
      name: "letters",
      metadata: { kind: "test" },
    });
  });

  everywhere("the source runs in the operation, and the consumer does not, also after leaving", async () => {
    const inside: unknown[] = [];
    async function* source(): AsyncGenerator<number, void, undefined> {
      for (let n = 0; n < 3; n++) {
        inside.push(currentOperation()?.name);
        await sleep(1);
        inside.push(currentOperation()?.name);
        yield n;
      }
    }
    const before = currentOperation();
    for await (const item of cancellableStream(source(), { name: "inner", timeout: 60_000 })) {
      expect(currentOperation()).toBe(before);
      if (item === 1) break;
    }
    expect(inside).toEqual(["inner", "inner", "inner", "inner"]);
    expect(currentOperation()).toBe(before);
    await sleep(310);
  });

  everywhere("another task than the reader may leave the stream", async () => {
    const { source, watch } = numbers(10, 5);
    const stream = cancellableStream(source);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = iterator.next();
    await new Cancellable().run(() => stream[Symbol.asyncDispose]());
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(watch.returned).toBe(1);
  });

  everywhere("the idle timeout ends a silent source, and the consumer's time does not count", async (t) => {
    async function* uneven(): AsyncGenerator<number, void, undefined> {
      yield* ticks(2, 15);
      await sleep(60_000);
    }
    const stream = cancellableStream(uneven(), { idleTimeout: 20 });
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const item of stream) {
        seen.push(item);
        await sleep(50);
      }
    };
    const error = await rejection(reading());
    expect(error).toMatchObject({ reason: "timeout", message: "No item came for 20 ms", timeoutMs: 20 });
    expect(seen).toEqual([0, 1]);
    expect(stream.operation.context).toMatchObject({ status: "cancelled", cancelReason: "timeout" });
    t.expectElapsed(150);
  });

  everywhere("a stream has one reader, reads one item at a time, and is read once", async () => {
    const stream = cancellableStream(numbers(3, 1).source);
    const iterator = stream[Symbol.asyncIterator]();
    expect(() => stream[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: "ERR_BUSY" }));
    const waiting = iterator.next();
    expect(await rejection(iterator.next())).toMatchObject({ name: "UsageError", code: "ERR_BUSY" });
    expect(await waiting).toEqual({ done: false, value: 0 });
    await collect({ [Symbol.asyncIterator]: () => iterator });
    expect(() => stream[Symbol.asyncIterator]()).toThrow(
      expect.objectContaining({ code: "ERR_ALREADY_STARTED" }),
    );
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  everywhere("iterables give their items, and promises in them their values", async () => {
    expect(await collect(cancellableStream(new Set([1, 2])))).toEqual([1, 2]);
    expect(await collect(cancellableStream([Promise.resolve("a"), "b"]))).toEqual(["a", "b"]);
    const silent = function* (): Generator<number | Promise<number>> {
      yield 1;
      never.operation.addSource(new TimeoutSource(10));
      yield new Promise<number>(() => {});
    };
    const never = cancellableStream(silent(), { bufferPartial: true });
    expect(await rejection(collect(never))).toBeInstanceOf(TimeoutCancellation);
    expect(never.partialResult.items).toEqual([1]);
    let closed = 0;
    const failing = {
      *[Symbol.iterator]() {
        try {
          yield Promise.reject(new Error("rejected"));
        } finally {
          closed++;
        }
      },
    };
    expect(await rejection(collect(cancellableStream(failing)))).toMatchObject({ message: "rejected" });
    expect(closed).toBe(1);
  });

  everywhere("the operation's callbacks have been called when the loop ends", async () => {
    const order: string[] = [];
    const operation = new Cancellable()
      .onStart(async () => {
        await sleep(1);
        order.push("start");
      })
      .onComplete(async () => {
        await sleep(1);
        order.push("complete");
      });
    for await (const item of cancellableStream([1], { operation })) order.push(`item ${item}`);
    expect(order).toEqual(["start", "item 1", "complete"]);
  });
});

describeEverywhere("the iterator of a stream", (everywhere) => {
  everywhere("a for await loop can read the iterator itself", async () => {
    const op = new Cancellable();
    await op.run(async () => {
      const iterator = op.stream([1, 2, 3])[Symbol.asyncIterator]();
      await iterator.next();
      expect(await collect(iterator as AsyncIterableIterator<number>)).toEqual([2, 3]);
    });
  });
});

describeEverywhere("onProgress of a stream", (everywhere) => {
  everywhere("a callback that the stream's cancellation ends has not failed", async () => {
    const errors: unknown[] = [];
    const onProgress = async (): Promise<void> => {
      errors.push(await rejection(sleepForever()));
      throw errors[0];
    };
    let n = 0;
    const source = made(async () => {
      if (n === 0) return { done: false, value: n++ };
      stream.operation.addSource(new TimeoutSource(10));
      return sleepForever();
    });
    const stream = cancellableStream(source, { onProgress });
    expect(await rejection(collect(stream))).toBe(stream.operation.error);
    expect(errors.map((error) => isCancellation(error, stream.operation))).toEqual([true]);
  });
});
