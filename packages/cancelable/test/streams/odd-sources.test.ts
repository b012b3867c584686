import { expect } from "vitest";
import {
  Cancellable,
  cancellableStream,
  cancellableTransform,
  currentSignal,
  shield,
  sleep,
  sleepForever,
  TimeoutSource,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { collect, numbers, ticks, webStream } from "./sources.ts";

type Next = () => IteratorResult<number> | PromiseLike<IteratorResult<number>>;

/** A source that consists of `next` and an optional `return`. */
const made = (next: Next, close?: () => Promise<never>): AsyncIterable<number> => ({
  [Symbol.asyncIterator]: () =>
    ({ next, ...(close === undefined ? {} : { return: close }) }) as unknown as AsyncIterator<number>,
});

describeEverywhere("a stream of an unusual source", (everywhere) => {
  everywhere(
    "a source that throws instead of returning a promise fails the stream and is not closed",
    async () => {
      const failure = new Error("next");
      const source = made(
        () => {
          throw failure;
        },
        () => Promise.reject(new Error("closed")),
      );
      const stream = cancellableStream(source);
      const error = await rejection(collect(stream));
      expect([error, stream.operation.status]).toEqual([failure, "failed"]);
    },
  );

  everywhere("a source that returns foreign thenables yields their values", async () => {
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

  everywhere("a source that ends because of the cancellation has not completed", async () => {
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

  everywhere("a source that ends in the moment of the cancellation has not completed", async () => {
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

  everywhere("a source that throws the cancellation when it is closed causes one error", async () => {
    const operation = Cancellable.withTimeout(5);
    const source = made(
      () => sleepForever(),
      () => Promise.reject(operation.error),
    );
    const stream = cancellableStream(source, { operation });
    expect(await rejection(collect(stream))).toBe(stream.operation.error);
  });

  everywhere("a source that fails after the stream has ended is reported", async (t) => {
    const failure = new Error("much later");
    const gate = deferred();
    const stream = cancellableStream(
      made(() => {
        stream.operation.addSource(new TimeoutSource(5));
        return gate.promise.then(() => Promise.reject(failure));
      }),
    );
    expect(await rejection(collect(stream))).toBe(stream.operation.error);
    gate.resolve();
    await sleep(1);
    expect(t.reported.splice(0)).toEqual([failure]);
  });

  everywhere(
    "a source that fails while the consumer leaves is reported, and the consumer leaves without an error",
    async (t) => {
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
    },
  );

  everywhere("a source that another reader has locked is not touched by an unread stream", async () => {
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

  everywhere("a source that is silent for less than the idle timeout is not cut off", async (t) => {
    // A machine that stands still can use up 40 ms.
    const stream = cancellableStream(ticks(5, 15), {
      idleTimeout: t.backend.name === "virtual" ? 40 : 60_000,
    });
    expect(await collect(stream)).toEqual([0, 1, 2, 3, 4]);
    expect(await collect(cancellableStream(ticks(2, 1), { idleTimeout: null }))).toEqual([0, 1]);
  });

  everywhere(
    "operations that the source left running are waited for, and cancelled first if the source failed",
    async () => {
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
    },
  );
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
    "the stream closes its source and reports the errors of the close, except the refusal itself",
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

  everywhere("a transform fails both sides", async () => {
    const transform = cancellableTransform<number>({ operation: await ended() });
    expect(await rejection(transform.readable.getReader().read())).toMatchObject(refused);
    expect(await rejection(transform.writable.getWriter().write(1))).toMatchObject(refused);
  });

  everywhere("a stream that is disposed of during the callbacks of its start reads nothing", async () => {
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
