import { expect } from "vitest";
import {
  Cancellable,
  CancellationToken,
  currentOperation,
  isCancellation,
  shield,
  sleep,
  TimeoutCancellation,
} from "../../src/index.ts";
import { cancellableStream } from "../../src/streams/cancellable-stream.ts";
import { stream } from "../../src/streams/operation-stream.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { collect, numbers, ticks } from "./sources.ts";

describeEverywhere("a cancellable stream", (everywhere) => {
  everywhere("yields everything, with each option set (PAR-STR-01)", async () => {
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

  everywhere("keeps the identity that it was given (BUG-55)", async () => {
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

  everywhere("is cut off by its timeout between items (PAR-STR-02)", async (t) => {
    const seen: number[] = [];
    const stream = cancellableStream(ticks(20, 50), { timeout: 160 });
    const error = await rejection(collect(stream, seen));
    expect(error).toBeInstanceOf(TimeoutCancellation);
    expect(isCancellation(error, stream.operation)).toBe(true);
    expect(seen.length).toBeGreaterThanOrEqual(1);
    expect(seen.length).toBeLessThanOrEqual(3);
    t.expectElapsed(160);
    if (t.backend.name === "virtual") expect(seen).toEqual([0, 1, 2]);
    expect(stream.operation.context).toMatchObject({ status: "cancelled", cancelReason: "timeout" });
  });

  everywhere("is cut off by a token, by a signal, and by whichever is first (PAR-STR-02)", async (t) => {
    const token = new CancellationToken();
    const controller = new AbortController();
    const byToken = cancellableStream(ticks(100, 10), { token });
    const bySignal = cancellableStream(ticks(100, 10), { signal: controller.signal });
    const byFirst = cancellableStream(ticks(100, 10), { token, timeout: 55 });
    const errors = [rejection(collect(byToken)), rejection(collect(bySignal)), rejection(collect(byFirst))];
    await sleep(105);
    token.cancel("shutdown", "enough");
    controller.abort(new Error("away"));
    expect(await Promise.all(errors)).toMatchObject([
      { reason: "shutdown", message: "enough" },
      { reason: "manual", message: "away" },
      { reason: "timeout" },
    ]);
    expect(byFirst.partialResult.count).toBeLessThan(10);
    expect(byToken.partialResult.count).toBeGreaterThan(0);
    if (t.backend.name === "virtual") {
      expect(byToken.partialResult.count).toBe(10);
      expect(byFirst.partialResult.count).toBe(5);
    }
  });

  everywhere("a timeout of 0 has expired: nothing is pulled, and the source is closed (BUG-56)", async () => {
    let opened = 0;
    const source = {
      [Symbol.asyncIterator]: () => {
        opened++;
        return numbers(1).source[Symbol.asyncIterator]();
      },
    };
    const stream = cancellableStream(source, { timeout: 0 });
    expect(await rejection(collect(stream))).toBeInstanceOf(TimeoutCancellation);
    expect(opened).toBe(0);
    let finished = 0;
    const generator = (function* () {
      yield finished;
    })();
    const ends = generator.return.bind(generator);
    generator.return = (value) => {
      finished++;
      return ends(value);
    };
    expect(await rejection(collect(cancellableStream(generator, { timeout: -1 })))).toBeInstanceOf(
      TimeoutCancellation,
    );
    expect(finished).toBe(1);
  });

  everywhere("stops while the source is silent, whatever the source waits for", async (t) => {
    async function* silent(): AsyncGenerator<number, void, undefined> {
      yield 1;
      await new Promise(() => {});
    }
    const seen: number[] = [];
    expect(await rejection(collect(cancellableStream(silent(), { timeout: 20 }), seen))).toBeInstanceOf(
      TimeoutCancellation,
    );
    expect(seen).toEqual([1]);
    t.expectElapsed(120);
    const atOnce = cancellableStream(silent(), { timeout: 20, grace: 0 });
    expect(await rejection(collect(atOnce))).toBe(atOnce.operation.error);
    t.expectElapsed(140);
  });

  everywhere("waits for a generator that notices the cancellation to have closed", async (t) => {
    const order: string[] = [];
    async function* tidy(): AsyncGenerator<number, void, undefined> {
      try {
        yield 1;
        await sleep(60_000);
      } finally {
        await shield(() => sleep(30));
        order.push("closed");
      }
    }
    await rejection(collect(cancellableStream(tidy(), { timeout: 20 })));
    expect(order).toEqual(["closed"]);
    t.expectElapsed(50);
  });

  everywhere("waits for a generator that does not notice, and goes on to its next item soon", async (t) => {
    let closed = false;
    async function* foreign(): AsyncGenerator<number, void, undefined> {
      try {
        for (let n = 0; ; n++) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          yield n;
        }
      } finally {
        closed = true;
      }
    }
    const stream = cancellableStream(foreign(), { bufferPartial: true });
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const item of stream) {
        seen.push(item);
        if (item === 2) queueMicrotask(() => stream.operation.cancel());
      }
    };
    const ended = rejection(reading());
    // Its timers are real ones: virtual time waits for them.
    const error = await (t.backend instanceof VirtualBackend ? t.backend.hold(ended) : ended);
    expect(error).toBe(stream.operation.error);
    expect(closed).toBe(true);
    expect(seen).toEqual(stream.partialResult.items);
    expect(seen.length).toBeLessThanOrEqual(4);
  });

  everywhere("closes a plain iterator once, in a shield, and waits for that (BUG-54)", async (t) => {
    let returned = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        async return() {
          await sleep(30);
          returned++;
          return { done: true, value: undefined };
        },
      }),
    };
    const stream = cancellableStream(source, { timeout: 20 });
    await rejection(collect(stream));
    await stream[Symbol.asyncDispose]();
    expect(returned).toBe(1);
    t.expectElapsed(50);
  });

  everywhere("the grace bounds the wait for a close", async (t) => {
    async function* stubborn(): AsyncGenerator<number, void, undefined> {
      try {
        await sleep(60_000);
      } finally {
        await shield(() => sleep(100));
      }
    }
    const stream = cancellableStream(stubborn(), { timeout: 20, grace: 30 });
    expect(await rejection(collect(stream))).toBe(stream.operation.error);
    if (t.backend.name === "virtual") t.expectElapsed(50);
    await sleep(100);
  });

  everywhere("a consumer that breaks, or throws, closes the source once (PAR-STR-08, BUG-54)", async () => {
    const broken = numbers(10);
    const stream = cancellableStream(broken.source, { bufferPartial: true });
    for await (const item of stream) if (item === 2) break;
    await stream[Symbol.asyncDispose]();
    expect(broken.watch).toEqual({ pulled: 3, returned: 1 });
    expect(stream.partialResult).toEqual({ count: 3, completed: false, items: [0, 1, 2] });
    expect(stream.operation.context.status).toBe("completed");
    const thrown = numbers(10);
    const failure = new Error("consumer");
    const reading = async (): Promise<void> => {
      for await (const item of cancellableStream(thrown.source)) if (item === 1) throw failure;
    };
    expect(await rejection(reading())).toBe(failure);
    expect(thrown.watch).toEqual({ pulled: 2, returned: 1 });
  });

  everywhere("a source without return() is left alone (PAR-STR-08)", async () => {
    const source = { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }) }) };
    for await (const _ of cancellableStream(source)) break;
  });

  everywhere("what closing throws goes to the consumer that left, as with a bare loop", async (t) => {
    const failure = new Error("cannot close");
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        return: () => Promise.reject(failure),
      }),
    };
    const reading = async (): Promise<void> => {
      for await (const _ of cancellableStream(source)) break;
    };
    expect(await rejection(reading())).toBe(failure);
    const cancelled = cancellableStream(source);
    for await (const _ of { [Symbol.asyncIterator]: () => cancelled[Symbol.asyncIterator]() }) {
      cancelled.operation.cancel();
      break;
    }
    expect(t.reported.splice(0)).toEqual([failure]);
  });

  everywhere(
    "an error of the source goes through, closes it once, and keeps the partial (PAR-STR-06)",
    async () => {
      const failure = new Error("source");
      let returned = 0;
      let n = 0;
      const source: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({
          next: async () => {
            if (n === 4) throw failure;
            return { done: false, value: n++ };
          },
          return: async () => {
            returned++;
            return { done: true, value: undefined };
          },
        }),
      };
      const stream = cancellableStream(source, { bufferPartial: true });
      expect(await rejection(collect(stream))).toBe(failure);
      expect(returned).toBe(1);
      const partial = { count: 4, completed: false, items: [0, 1, 2, 3] };
      expect(stream.partialResult).toEqual(partial);
      expect(stream.operation.context).toMatchObject({ status: "failed", error: "source" });
      expect(stream.operation.context.partialResult).toEqual(partial);
    },
  );

  everywhere("an error that the source throws for its own reason while cancelled goes first", async () => {
    const failure = new Error("in finally");
    async function* source(): AsyncGenerator<number, void, undefined> {
      try {
        // From now on it has something to clean up.
        setImmediate(() => stream.operation.cancel());
        await sleep(60_000);
      } finally {
        throw failure;
      }
    }
    const stream = cancellableStream(source());
    expect(await rejection(collect(stream))).toBe(failure);
    expect(stream.operation.context).toMatchObject({ status: "failed", cancelRequested: true });
  });

  everywhere(
    "the source runs in the operation; the consumer does not, also after leaving (BUG-50)",
    async () => {
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
      for await (const item of cancellableStream(source(), { name: "inner", timeout: 30 })) {
        expect(currentOperation()).toBe(before);
        if (item === 1) break;
      }
      expect(inside).toEqual(["inner", "inner", "inner", "inner"]);
      expect(currentOperation()).toBe(before);
      await sleep(40);
    },
  );

  everywhere("may be left from another task than the one that reads (BUG-51)", async () => {
    const { source, watch } = numbers(10, 5);
    const stream = cancellableStream(source);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = iterator.next();
    await new Cancellable().run(() => stream[Symbol.asyncDispose]());
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(watch.returned).toBe(1);
  });

  everywhere("nothing is pulled after the cancellation, and no pulled item is lost (BUG-52)", async () => {
    const gate = deferred();
    let pulled = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        async next() {
          const value = pulled++;
          // It does not notice the cancellation, and brings its item after it.
          if (value === 2) await gate.promise;
          return { done: false, value };
        },
        return: async () => {
          gate.resolve();
          await sleep(1);
          return { done: true, value: undefined };
        },
      }),
    };
    const stream = cancellableStream(source, { bufferPartial: true });
    const seen: number[] = [];
    const reading = rejection(collect(stream, seen));
    await sleep(5);
    stream.operation.cancel("manual", "now");
    expect(await reading).toMatchObject({ message: "now" });
    expect([pulled, seen]).toEqual([3, [0, 1, 2]]);
    expect(stream.partialResult).toEqual({ count: 3, completed: false, items: [0, 1, 2] });
  });

  everywhere("an item that comes after the consumer was told is kept in the partial (BUG-52)", async () => {
    const gate = deferred();
    async function* slow(): AsyncGenerator<string, void, undefined> {
      yield "first";
      await gate.promise;
      yield "late";
    }
    const stream = cancellableStream(slow(), { bufferPartial: true, timeout: 10 });
    const seen: string[] = [];
    await rejection(collect(stream, seen));
    expect(seen).toEqual(["first"]);
    gate.resolve();
    await sleep(1);
    expect(stream.partialResult.items).toEqual(["first", "late"]);
    expect(stream.operation.context.partialResult).toMatchObject({ count: 2, completed: false });
  });

  everywhere(
    "cancelled in the consumer's own time: the last item counts, the source is closed at once (BUG-53)",
    async () => {
      const { source, watch } = numbers(10);
      const stream = cancellableStream(source, { timeout: 20, bufferPartial: 2 });
      const reading = async (): Promise<void> => {
        for await (const item of stream) {
          if (item < 2) continue;
          await sleep(40);
          expect(watch).toEqual({ pulled: 3, returned: 1 });
        }
      };
      expect(await rejection(reading())).toBeInstanceOf(TimeoutCancellation);
      expect(stream.partialResult).toEqual({ count: 3, completed: false, items: [1, 2] });
    },
  );

  everywhere(
    "a cancelled stream rejects everybody who asks again; a failed or finished one is over",
    async () => {
      const stream = cancellableStream(numbers(5, 50).source, { timeout: 10 });
      const iterator = stream[Symbol.asyncIterator]();
      const first = await rejection(iterator.next());
      expect(await rejection(iterator.next())).toBe(first);
      const failing = cancellableStream(
        (async function* () {
          throw new Error("at once");
          yield 1;
        })(),
      )[Symbol.asyncIterator]();
      expect(await rejection(failing.next())).toMatchObject({ message: "at once" });
      expect(await failing.next()).toEqual({ done: true, value: undefined });
    },
  );

  everywhere(
    "a silent source is given up after the idle timeout; the consumer's time does not count",
    async (t) => {
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
      expect(error).toMatchObject({ reason: "timeout", message: "No item came for 20ms", timeoutMs: 20 });
      expect(seen).toEqual([0, 1]);
      expect(stream.operation.context).toMatchObject({ status: "cancelled", cancelReason: "timeout" });
      t.expectElapsed(150);
    },
  );

  everywhere("is read by one reader, one item at a time, once", async () => {
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

  everywhere("disposed of unread, it closes its source, and its operation stays in no parent", async () => {
    const op = new Cancellable();
    await op.run(async () => {
      const { source, watch } = numbers(3);
      const iterator = source[Symbol.asyncIterator]();
      {
        await using stream = cancellableStream(
          { ...iterator, [Symbol.asyncIterator]: () => iterator },
          { parent: op },
        );
        expect(op.children).toEqual([stream.operation]);
      }
      expect(watch).toEqual({ pulled: 0, returned: 1 });
      expect(op.children).toEqual([]);
    });
  });

  everywhere("iterables give their items, and promises their values", async () => {
    expect(await collect(cancellableStream(new Set([1, 2])))).toEqual([1, 2]);
    expect(await collect(cancellableStream([Promise.resolve("a"), "b"]))).toEqual(["a", "b"]);
    const never = cancellableStream([1, new Promise<number>(() => {})], { timeout: 10, bufferPartial: true });
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

  everywhere(
    "a synchronous source is cancelled between two items, also while the thread was busy",
    async (t) => {
      let pulled = 0;
      const endless = {
        *[Symbol.iterator]() {
          for (;;) {
            t.block(4);
            yield pulled++;
          }
        },
      };
      const stream = cancellableStream(endless, { timeout: 10 });
      expect(await rejection(collect(stream))).toBeInstanceOf(TimeoutCancellation);
      expect(stream.partialResult.count).toBe(pulled);
      expect(pulled).toBeLessThanOrEqual(3);
    },
  );

  everywhere("the operation's callbacks have been called when the loop is over", async () => {
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

  everywhere(
    "an operation that has ended takes no stream; a cancelled one rejects with its cancellation",
    async () => {
      const ended = new Cancellable();
      await ended.run(() => {});
      expect(await rejection(collect(stream(ended, [1])))).toMatchObject({ code: "ERR_ENDED" });
      const cancelled = new Cancellable();
      cancelled.cancel("shutdown", "down");
      const { source, watch } = numbers(3);
      expect(await rejection(collect(stream(cancelled, source)))).toBe(cancelled.token.error);
      expect(watch.pulled).toBe(0);
    },
  );
});
