import { Readable } from "node:stream";
import { expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  cancellableStream,
  chunk,
  detectBackend,
  map,
  mapStream,
  merge,
  moveOnAfter,
  type StreamInput,
  shield,
  sleep,
  TimeoutCancellation,
  TimeoutSource,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until } from "../until.ts";
import { collect } from "./sources.ts";

const never = (): Promise<never> => new Promise(() => {});

/** Called when a source is silent: a limit that begins earlier can find the source between two items. */
let isSilent = (): void => {};

/** Yields once, and then waits for something that cancellation does not reach. */
async function* silent(): AsyncGenerator<number, void, undefined> {
  yield 1;
  isSilent();
  await never();
}

const wrapped = (): AsyncIterable<number> => {
  const generator = silent();
  return {
    [Symbol.asyncIterator]: () => ({ next: () => generator.next(), return: () => generator.return() }),
  };
};

/** The sources of this file, by name. */
const sources: Readonly<Record<string, () => StreamInput<number>>> = {
  "an async generator": silent,
  "a plain iterator around an async generator": wrapped,
  "a Node stream over an async generator": () => Readable.from(silent()) as AsyncIterable<number>,
  "a web stream over an async generator": () =>
    // Not in the types of the library "DOM" yet.
    (ReadableStream as unknown as { from(source: unknown): ReadableStream<number> }).from(silent()),
  merge: () => merge(wrapped()),
};

/** Limits an operation to 100 ms from the moment at which its source is silent. */
function limit(op: Cancellable): Cancellable {
  isSilent = () => void op.addSource(new TimeoutSource(100));
  return op;
}

/** Runs `body` until 100 ms after the moment at which its source is silent. */
function moveOn(body: () => Promise<unknown>): Promise<unknown> {
  return moveOnAfter(null, (scope) => {
    const backend = detectBackend();
    isSilent = () => {
      scope.deadline = backend.now() + 100;
    };
    return body();
  });
}

const readings: Readonly<Record<string, (source: StreamInput<number>) => Promise<unknown>>> = {
  cancellableStream: (source) =>
    rejection(collect(cancellableStream(source, { operation: limit(new Cancellable()) }))),
  idleTimeout: (source) => rejection(collect(cancellableStream(source, { idleTimeout: 100 }))),
  "op.stream": (source) => rejection(limit(new Cancellable()).run((op) => collect(op.stream(source)))),
  chunk: (source) => moveOn(() => collect(chunk(source, 1))),
  merge: (source) => moveOn(() => collect(merge(source))),
  map: (source) => moveOn(() => map(source, (item) => item)),
  mapStream: (source) => moveOn(() => collect(mapStream(source, (item) => item))),
};

describeEverywhere("the end of a stream over a source that cancellation does not reach", (everywhere) => {
  for (const [kind, create] of Object.entries(sources)) {
    for (const [reading, read] of Object.entries(readings)) {
      everywhere(`${reading} over ${kind} ends 100 ms after the cancellation`, async (t) => {
        isSilent = () => {};
        await read(create());
        t.expectElapsed(200);
      });
    }
  }

  everywhere("a source whose return() never settles is given up when the stream is cancelled", async (t) => {
    const stuck: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }), return: never }),
    };
    const stream = cancellableStream(stuck);
    for await (const _ of { [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator]() }) {
      stream.operation.cancel();
      break;
    }
    t.expectElapsed(100);
    expect(stream.operation.status).toBe("cancelled");
    const left = cancellableStream(stuck);
    for await (const _ of left) {
      left.operation.addSource(new TimeoutSource(20));
      break;
    }
    t.expectElapsed(220);
    expect(left.operation.status).toBe("completed");
  });

  everywhere("the wait goes on while the closing uses this library", async (t) => {
    const order: string[] = [];
    const slow: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next() {
          stream.operation.addSource(new TimeoutSource(50));
          return never();
        },
        async return() {
          await sleep(150);
          await shield(() => sleep(300));
          order.push("closed");
          return { done: true, value: undefined };
        },
      }),
    };
    const stream = cancellableStream(slow);
    expect(await rejection(collect(stream))).toBeInstanceOf(TimeoutCancellation);
    expect(order).toEqual(["closed"]);
    t.expectElapsed(500);
  });

  everywhere(
    "a source that was never read is given up after 100 ms if the operation is cancelled",
    async (t) => {
      const stuck = { next: never, return: never, [Symbol.asyncIterator]: () => stuck };
      const op = new Cancellable();
      op.cancel();
      expect(await rejection(collect(op.stream<number>(stuck)))).toBe(op.error);
      t.expectElapsed(100);
    },
  );

  everywhere("chunk in a cancelled scope gives up the source that it never reads", async (t) => {
    const stuck = { next: never, return: never, [Symbol.asyncIterator]: () => stuck };
    const scope = new CancelScope();
    await scope.run(() => {
      scope.cancel();
      return collect(chunk<number>(stuck, 2));
    });
    t.expectElapsed(100);
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere("a closing that was given up may still succeed", async (t) => {
    let close!: (result: IteratorResult<number>) => void;
    const slow: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next() {
          stream.operation.addSource(new TimeoutSource(10));
          return never();
        },
        return: () =>
          new Promise((resolve) => {
            close = resolve;
          }),
      }),
    };
    const stream = cancellableStream(slow);
    await rejection(collect(stream));
    t.expectElapsed(110);
    close({ done: true, value: undefined });
    await sleep(1);
  });

  everywhere("a cancellation after the closing ends the tasks of the source", async (t) => {
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        async next() {
          void new CancelScope().run(() => sleep(60_000)).catch(() => {});
          return { done: false, value: 1 };
        },
      }),
    };
    const stream = cancellableStream(source);
    let hasLeft = false;
    const reading = (async () => {
      for await (const _ of stream) {
        hasLeft = true;
        break;
      }
    })();
    await until(() => hasLeft);
    await sleep(5);
    stream.operation.cancel();
    await reading;
    t.expectElapsed(5);
  });

  everywhere("an error of a closing that was given up goes to the reporter", async (t) => {
    const failure = new Error("late");
    let fail!: (error: unknown) => void;
    const stuck: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        return: () =>
          new Promise((_, reject) => {
            fail = reject;
          }),
      }),
    };
    const stream = cancellableStream(stuck);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    const left = iterator.return?.();
    stream.operation.cancel();
    await left;
    t.expectElapsed(100);
    fail(failure);
    await sleep(1);
    expect(t.reported.splice(0)).toEqual([failure]);
  });
});
