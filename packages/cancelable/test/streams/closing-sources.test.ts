import { expect } from "vitest";
import {
  Cancellable,
  cancellableStream,
  shield,
  sleep,
  TimeoutCancellation,
  TimeoutSource,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { stream } from "./operation-stream.ts";
import { collect, numbers } from "./sources.ts";

describeEverywhere("the source of a cancelled stream", (everywhere) => {
  everywhere("with a timeout of 0 no item is pulled, and the source is closed", async () => {
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

  everywhere("the stream ends while the source is silent, whatever the source waits for", async (t) => {
    async function* silent(isSilent: () => void): AsyncGenerator<number, void, undefined> {
      yield 1;
      isSilent();
      await new Promise(() => {});
    }
    const seen: number[] = [];
    const limit = (): void => void stream.operation.addSource(new TimeoutSource(20));
    const stream = cancellableStream(silent(limit));
    expect(await rejection(collect(stream, seen))).toBeInstanceOf(TimeoutCancellation);
    expect(seen).toEqual([1]);
    t.expectElapsed(120);
    const atOnce = cancellableStream(
      silent(() => {}),
      { timeout: 20, grace: 0 },
    );
    expect(await rejection(collect(atOnce))).toBe(atOnce.operation.error);
    t.expectElapsed(140);
  });

  everywhere("the stream waits until a generator that notices the cancellation has closed", async (t) => {
    const order: string[] = [];
    async function* tidy(): AsyncGenerator<number, void, undefined> {
      try {
        yield 1;
        t.backend.setTimer(t.backend.now() + 20, () => stream.operation.cancel());
        await sleep(60_000);
      } finally {
        await shield(() => sleep(30));
        order.push("closed");
      }
    }
    const stream = cancellableStream(tidy());
    await rejection(collect(stream));
    expect(order).toEqual(["closed"]);
    t.expectElapsed(50);
  });

  everywhere(
    "the stream waits for a generator that ignores the cancellation but soon yields its next item",
    async () => {
      let closed = false;
      const soon = deferred();
      async function* foreign(): AsyncGenerator<number, void, undefined> {
        try {
          for (let n = 0; ; n++) {
            if (n === 3) await soon.promise;
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
          if (item !== 2) continue;
          queueMicrotask(() => {
            stream.operation.cancel();
            queueMicrotask(soon.resolve);
          });
        }
      };
      expect(await rejection(reading())).toBe(stream.operation.error);
      expect(closed).toBe(true);
      expect(seen).toEqual(stream.partialResult.items);
      expect(seen.length).toBeLessThanOrEqual(4);
    },
  );

  everywhere("a plain iterator is closed once, inside a shield, and waited for", async (t) => {
    let returned = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next() {
          stream.operation.addSource(new TimeoutSource(20));
          return new Promise(() => {});
        },
        async return() {
          await sleep(30);
          returned++;
          return { done: true, value: undefined };
        },
      }),
    };
    const stream = cancellableStream(source);
    await rejection(collect(stream));
    await stream[Symbol.asyncDispose]();
    expect(returned).toBe(1);
    t.expectElapsed(50);
  });

  everywhere("the grace bounds the wait for the close", async (t) => {
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

  everywhere("a consumer that breaks or throws closes the source once (PAR-STR-08)", async () => {
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

  everywhere("a source without return() is not closed (PAR-STR-08)", async () => {
    const source = { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }) }) };
    for await (const _ of cancellableStream(source)) break;
  });

  everywhere("an error of the close goes to the consumer that leaves, as in a bare loop", async (t) => {
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
    "disposing of an unread stream closes its source and leaves no operation in the parent",
    async () => {
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
    },
  );
});
