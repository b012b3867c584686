import { expect } from "vitest";
import {
  Cancellable,
  CancellationToken,
  cancellableStream,
  isCancellation,
  sleep,
  TimeoutCancellation,
  TimeoutSource,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { until } from "../until.ts";
import { stream } from "./operation-stream.ts";
import { collect, numbers, ticks } from "./sources.ts";

describeEverywhere("a cancelled stream", (everywhere) => {
  everywhere("a timeout ends the stream between two items (PAR-STR-02)", async (t) => {
    const seen: number[] = [];
    const stream = cancellableStream(ticks(20, 50), { timeout: 160 });
    const error = await rejection(collect(stream, seen));
    expect(error).toBeInstanceOf(TimeoutCancellation);
    expect(isCancellation(error, stream.operation)).toBe(true);
    t.expectElapsed(160);
    // On a real clock the timeout can come before the first item.
    if (t.backend.name === "virtual") expect(seen).toEqual([0, 1, 2]);
    else expect(seen.length).toBeLessThanOrEqual(3);
    expect(stream.operation.context).toMatchObject({ status: "cancelled", cancelReason: "timeout" });
  });

  everywhere("a token and a signal end the stream, whichever comes first (PAR-STR-02)", async (t) => {
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

  everywhere(
    "an error of the source passes through, does not close the source, which has ended, and keeps the partial result (PAR-STR-06)",
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
      expect(returned).toBe(0);
      const partial = { count: 4, completed: false, items: [0, 1, 2, 3] };
      expect(stream.partialResult).toEqual(partial);
      expect(stream.operation.context).toMatchObject({ status: "failed", errorMessage: "source" });
      expect(stream.operation.context.partialResult).toEqual(partial);
    },
  );

  everywhere("an error in the source's clean-up wins over the cancellation", async () => {
    const failure = new Error("in finally");
    async function* source(): AsyncGenerator<number, void, undefined> {
      try {
        // From here on the source has something to clean up.
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

  everywhere("after the cancellation no item is pulled, and no pulled item is lost", async () => {
    const gate = deferred();
    let pulled = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        async next() {
          const value = pulled++;
          // This source ignores the cancellation and yields its item afterwards.
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
    await until(() => pulled === 3);
    stream.operation.cancel("manual", "now");
    expect(await reading).toMatchObject({ message: "now" });
    expect([pulled, seen]).toEqual([3, [0, 1, 2]]);
    expect(stream.partialResult).toEqual({ count: 3, completed: false, items: [0, 1, 2] });
  });

  everywhere("an item that arrives after the stream has ended is kept in the partial result", async () => {
    const gate = deferred();
    async function* slow(): AsyncGenerator<string, void, undefined> {
      yield "first";
      stream.operation.addSource(new TimeoutSource(10));
      await gate.promise;
      yield "late";
    }
    const stream = cancellableStream(slow(), { bufferPartial: true });
    const seen: string[] = [];
    await rejection(collect(stream, seen));
    expect(seen).toEqual(["first"]);
    gate.resolve();
    await sleep(1);
    expect(stream.partialResult.items).toEqual(["first", "late"]);
    expect(stream.operation.context.partialResult).toMatchObject({ count: 2, completed: false });
  });

  everywhere(
    "a cancellation during the consumer's own code closes the source at once, and the last item counts",
    async () => {
      const { source, watch } = numbers(10);
      const stream = cancellableStream(source, { bufferPartial: 2 });
      const reading = async (): Promise<void> => {
        for await (const item of stream) {
          if (item < 2) continue;
          stream.operation.cancel("quota");
          await sleep(20);
          expect(watch).toEqual({ pulled: 3, returned: 1 });
        }
      };
      expect(isCancellation(await rejection(reading()), { reason: "quota" })).toBe(true);
      expect(stream.partialResult).toEqual({ count: 3, completed: false, items: [1, 2] });
    },
  );

  everywhere(
    "a cancelled stream rejects every further read, and a failed or finished stream is over",
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
    "a synchronous source is cancelled between two items, also when the thread was busy",
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

  everywhere(
    "an ended operation accepts no stream, and the stream of a cancelled operation rejects",
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
