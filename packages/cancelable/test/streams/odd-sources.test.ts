import { expect } from "vitest";
import {
  Cancellable,
  cancellableStream,
  cancellableTransform,
  currentSignal,
  isCancellation,
  merge,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { collect, numbers, ticks, webStream } from "./sources.ts";

type Next = () => IteratorResult<number> | PromiseLike<IteratorResult<number>>;

/** A source that consists of its `next` and, if it is given, its `return`. */
const made = (next: Next, close?: () => Promise<never>): AsyncIterable<number> => ({
  [Symbol.asyncIterator]: () =>
    ({ next, ...(close === undefined ? {} : { return: close }) }) as unknown as AsyncIterator<number>,
});

describeEverywhere("a stream of a source that", (everywhere) => {
  everywhere("throws instead of giving a promise fails with that, and is closed", async (t) => {
    const failure = new Error("next");
    const other = new Error("cannot close");
    const source = made(
      () => {
        throw failure;
      },
      () => Promise.reject(other),
    );
    const stream = cancellableStream(source);
    const error = await rejection(collect(stream));
    expect([error, stream.operation.status]).toEqual([failure, "failed"]);
    expect(t.reported.splice(0)).toEqual([other]);
  });

  everywhere("gives promises of another kind yields what they give", async () => {
    let n = 0;
    const source = made(
      () =>
        ({
          then(settle: (result: IteratorResult<number>) => void) {
            settle(n < 2 ? { done: false, value: n++ } : { done: true, value: undefined });
          },
        }) as PromiseLike<IteratorResult<number>>,
    );
    expect(await collect(cancellableStream(source))).toEqual([0, 1]);
  });

  everywhere("ends because it was told to has not come to its end", async () => {
    const source = made(
      () =>
        new Promise((resolve) => {
          currentSignal().addEventListener("abort", () => resolve({ done: true, value: undefined }));
        }),
    );
    const stream = cancellableStream(source, { timeout: 5, bufferPartial: true });
    expect(await rejection(collect(stream))).toBe(stream.operation.error);
    expect(stream.partialResult.completed).toBe(false);
  });

  everywhere("came to its end in the moment of its cancellation has not, either", async () => {
    const gate = deferred<IteratorResult<number>>();
    const stream = cancellableStream(
      made(() => gate.promise),
      { bufferPartial: true },
    );
    const reading = rejection(collect(stream));
    await sleep(1);
    gate.resolve({ done: true, value: undefined });
    stream.operation.cancel("shutdown");
    expect(await reading).toBe(stream.operation.error);
    expect(stream.partialResult.completed).toBe(false);
  });

  everywhere("passes its cancellation on when it is closed is heard of once", async () => {
    const operation = Cancellable.withTimeout(5);
    const source = made(
      () => sleepForever(),
      () => Promise.reject(operation.error),
    );
    const stream = cancellableStream(source, { operation });
    expect(await rejection(collect(stream))).toBe(stream.operation.error);
  });

  everywhere("fails after the stream had ended without it is reported", async (t) => {
    const failure = new Error("much later");
    const gate = deferred();
    const stream = cancellableStream(
      made(() => gate.promise.then(() => Promise.reject(failure))),
      { timeout: 5 },
    );
    expect(await rejection(collect(stream))).toBe(stream.operation.error);
    gate.resolve();
    await sleep(1);
    expect(t.reported.splice(0)).toEqual([failure]);
  });

  everywhere("fails while the consumer leaves is reported: the consumer has its way", async (t) => {
    const failure = new Error("in finally");
    async function* source(): AsyncGenerator<number> {
      yield 1;
      try {
        await sleepForever();
      } finally {
        throw failure;
      }
    }
    const iterator = cancellableStream(source())[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = iterator.next();
    await iterator.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(t.reported.splice(0)).toEqual([failure]);
  });

  everywhere("is locked by another reader is left alone by a stream that was never read", async () => {
    const reasons: unknown[] = [];
    const source = webStream([1], reasons);
    const stream = cancellableStream(source);
    using reader = Object.assign(source.getReader(), {
      [Symbol.dispose]: () => reader.releaseLock(),
    });
    await stream[Symbol.asyncDispose]();
    expect(reasons).toEqual([]);
    expect(await reader.read()).toEqual({ done: false, value: 1 });
  });

  everywhere("is often silent, but never for too long, is not cut off", async () => {
    const stream = cancellableStream(ticks(5, 15), { idleTimeout: 40 });
    expect(await collect(stream)).toEqual([0, 1, 2, 3, 4]);
    expect(await collect(cancellableStream(ticks(2, 1), { idleTimeout: null }))).toEqual([0, 1]);
  });

  everywhere("has left something running is waited for; if it failed, that is cancelled first", async () => {
    const order: string[] = [];
    const leaving = (ends: () => IteratorResult<number>): AsyncIterable<number> =>
      made(async () => {
        void new Cancellable().settle(async () => {
          try {
            await sleep(10);
            order.push("was let be");
          } finally {
            await shield(() => sleep(1));
            order.push("ended");
          }
        });
        return ends();
      });
    await collect(cancellableStream(leaving(() => ({ done: true, value: undefined }))));
    order.push("done");
    const failure = new Error("source");
    const failing = leaving(() => {
      throw failure;
    });
    expect(await rejection(collect(cancellableStream(failing)))).toBe(failure);
    order.push("failed");
    expect(order).toEqual(["was let be", "ended", "done", "ended", "failed"]);
  });
});

describeEverywhere("a stream whose operation cannot run", (everywhere) => {
  /** An operation that has ended. */
  const ended = async (): Promise<Cancellable> => {
    const op = new Cancellable();
    await op.run(() => {});
    return op;
  };
  const refused = { code: "ERR_ENDED" };

  everywhere(
    "closes its source; what that throws is reported, unless it is the refusal itself",
    async (t) => {
      const failure = new Error("cannot close");
      const source = (close: (reason: unknown) => never): ReadableStream<number> =>
        new ReadableStream<number>({ cancel: (reason) => close(reason) });
      const other = source(() => {
        throw failure;
      });
      expect(await rejection(collect((await ended()).stream(other)))).toMatchObject(refused);
      expect(t.reported.splice(0)).toEqual([failure]);
      const same = source((reason) => {
        throw reason;
      });
      expect(await rejection(collect((await ended()).stream(same)))).toMatchObject(refused);
    },
  );

  everywhere("is a transform that fails both sides", async () => {
    const transform = cancellableTransform<number>({ operation: await ended() });
    expect(await rejection(transform.readable.getReader().read())).toMatchObject(refused);
    expect(await rejection(transform.writable.getWriter().write(1))).toMatchObject(refused);
  });

  everywhere("because it is left while its callbacks run, reads nothing", async () => {
    const { source, watch } = numbers(3);
    const gate = deferred();
    const operation = new Cancellable().onStart(() => gate.promise);
    const stream = cancellableStream(source, { operation });
    const first = rejection(stream[Symbol.asyncIterator]().next());
    await sleep(1);
    const left = stream[Symbol.asyncDispose]();
    gate.resolve();
    await left;
    expect(await first).toBe(operation.error);
    expect([watch.pulled, operation.status]).toEqual([0, "cancelled"]);
  });
});

describeEverywhere("a stream's iterator", (everywhere) => {
  everywhere("can be read by a loop itself", async () => {
    const op = new Cancellable();
    await op.run(async () => {
      const iterator = op.stream([1, 2, 3])[Symbol.asyncIterator]();
      await iterator.next();
      expect(await collect(iterator as AsyncIterableIterator<number>)).toEqual([2, 3]);
    });
  });
});

describeEverywhere("an onProgress callback", (everywhere) => {
  everywhere("that is cut off by the stream's cancellation has not failed", async () => {
    const errors: unknown[] = [];
    const onProgress = async (): Promise<void> => {
      errors.push(await rejection(sleepForever()));
      throw errors[0];
    };
    let n = 0;
    const source = made(async () => (n === 0 ? { done: false, value: n++ } : sleepForever()));
    const stream = cancellableStream(source, { timeout: 10, onProgress });
    expect(await rejection(collect(stream))).toBe(stream.operation.error);
    expect(errors.map((error) => isCancellation(error, stream.operation))).toEqual([true]);
  });
});

describeEverywhere("merge: what closing a source throws", (everywhere) => {
  const broken = (failure: Error, next: Next = async () => ({ done: false, value: 1 })) =>
    made(next, () => Promise.reject(failure));
  const [one, two] = [new Error("one"), new Error("two")];

  everywhere("goes to the consumer that leaves, of several the first; the others are reported", async (t) => {
    const merged = merge(broken(one), broken(two));
    await merged.next();
    expect(await rejection(merged.return(undefined))).toBe(one);
    expect(t.reported.splice(0)).toEqual([two]);
  });

  everywhere("is reported where a source has failed: that comes out", async (t) => {
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
  });

  everywhere("is not heard of where everything is cancelled", async () => {
    const silent = () => made(() => sleepForever());
    expect(await moveOnAfter(5, () => collect(merge(silent(), silent())))).toBeUndefined();
  });
});

describeEverywhere("a transform's end", (everywhere) => {
  everywhere("is one: when it is cancelled while it ends, it is left at that", async () => {
    const gate = deferred();
    const transform = cancellableTransform<number>({ onProgress: () => gate.promise });
    const reader = transform.readable.getReader();
    const writer = transform.writable.getWriter();
    const reading = reader.read();
    await writer.write(1);
    expect(await reading).toEqual({ done: false, value: 1 });
    const closing = writer.close();
    await sleep(1);
    transform.operation.cancel();
    await sleep(1);
    gate.resolve();
    await closing;
    expect((await reader.read()).done).toBe(true);
  });

  everywhere("is not waited for longer than its grace", async (t) => {
    const gate = deferred();
    const transform = cancellableTransform<number>({ grace: 10, onProgress: () => gate.promise });
    const reader = transform.readable.getReader();
    const writer = transform.writable.getWriter();
    const reading = reader.read();
    await writer.write(1);
    await reading;
    transform.operation.cancel();
    expect(await rejection(reader.read())).toBe(transform.operation.error);
    await sleep(20);
    expect(transform.operation.status).toBe("cancelled");
    if (t.backend.name === "virtual") t.expectElapsed(20);
    gate.resolve();
  });
});
