import { Event, moveOnAfter, setReporter, sleep, sleepForever } from "@hother/cancelable";
import { fromAsyncIterable, toAsyncIterable } from "@hother/cancelable-backends/effection";
import { createQueue, each, ensure, type Operation, resource, run, type Stream, suspend } from "effection";
import { expect, test } from "vitest";

async function* counting(closed: string[], silentAfter = Number.POSITIVE_INFINITY) {
  try {
    for (let i = 1; i <= 3; i++) {
      if (i > silentAfter) await sleepForever();
      yield i;
    }
  } finally {
    await sleep(0).catch(() => {});
    closed.push("closed");
  }
}

test("an async generator becomes an Effection stream, closed when its reader leaves", async () => {
  const closed: string[] = [];
  const seen: number[] = [];
  await run(function* () {
    for (const item of yield* each(fromAsyncIterable(() => counting(closed)))) {
      seen.push(item);
      if (item === 2) break;
      yield* each.next();
    }
  });
  expect([seen, closed]).toEqual([[1, 2], ["closed"]]);
});

test("halting the task ends the wait for a silent source and waits until the source is closed", async () => {
  const closed: string[] = [];
  const seen: number[] = [];
  const hasItem = new Event();
  const task = run(function* () {
    for (const item of yield* each(fromAsyncIterable(() => counting(closed, 1)))) {
      seen.push(item);
      hasItem.set();
      yield* each.next();
    }
  });
  await hasItem.wait();
  await sleep(5); // the source is silent now
  await task.halt();
  expect([seen, closed]).toEqual([[1], ["closed"]]);
});

/** Yields `count` items and then stays silent. Records its end. */
function giving(count: number, released: string[]): Stream<number, undefined> {
  return resource(function* (provide) {
    yield* ensure(() => void released.push("released"));
    let given = 0;
    yield* provide({
      *next(): Operation<IteratorResult<number, undefined>> {
        if (given === count) yield* suspend();
        return { done: false, value: ++given };
      },
    });
  });
}

test("an Effection stream becomes an async iterable, whose scope ends when the loop is left", async () => {
  const released: string[] = [];
  for await (const item of toAsyncIterable(giving(3, released))) if (item === 2) break;
  expect(released).toEqual(["released"]);
});

test("cancelling the scope that reads a silent Effection stream ends the stream and waits", async () => {
  const released: string[] = [];
  const seen: number[] = [];
  await moveOnAfter(null, async (scope) => {
    for await (const item of toAsyncIterable(giving(1, released))) {
      seen.push(item);
      setTimeout(() => scope.cancel(), 1);
    }
  });
  expect([seen, released]).toEqual([[1], ["released"]]);
});

test("an Effection stream that ends, ends the loop and its scope, and one that fails throws its error", async () => {
  const closed: string[] = [];
  const failure = new Error("down");
  const stream = (last: () => IteratorResult<number, undefined>): Stream<number, undefined> =>
    resource(function* (provide) {
      yield* ensure(() => {
        closed.push("closed");
      });
      let given = 0;
      yield* provide({
        *next() {
          return given === 2 ? last() : { done: false, value: ++given };
        },
      });
    });
  const seen: number[] = [];
  for await (const item of toAsyncIterable(stream(() => ({ done: true, value: undefined })))) seen.push(item);
  expect([seen, closed.splice(0)]).toEqual([[1, 2], ["closed"]]);
  const failing = toAsyncIterable(
    stream(() => {
      throw failure;
    }),
  );
  const reading = async (): Promise<void> => {
    for await (const item of failing) seen.push(item);
  };
  await expect(reading()).rejects.toBe(failure);
  expect([seen, closed]).toEqual([[1, 2, 1, 2], ["closed"]]);
});

test("return() during a wait for the next item ends the wait", async () => {
  const queue = createQueue<number, undefined>();
  const items = toAsyncIterable({
    *[Symbol.iterator]() {
      return queue;
    },
  })[Symbol.asyncIterator]();
  queue.add(1);
  expect(await items.next()).toEqual({ done: false, value: 1 });
  const waiting = items.next();
  expect(await items.return?.()).toEqual({ done: true, value: undefined });
  expect(await waiting).toEqual({ done: true, value: undefined });
});

test("a clean-up that fails after a failure of the stream goes to the reporter", async () => {
  const [failure, second] = [new Error("down"), new Error("clean-up")];
  const reported: unknown[] = [];
  const before = setReporter((error) => void reported.push(error));
  try {
    const failing: Stream<number, undefined> = resource(function* (provide) {
      yield* ensure(() => {
        throw second;
      });
      yield* provide({
        *next(): Operation<IteratorResult<number, undefined>> {
          throw failure;
        },
      });
    });
    await expect(toAsyncIterable(failing)[Symbol.asyncIterator]().next()).rejects.toBe(failure);
    expect(reported).toEqual([second]);
  } finally {
    setReporter(before);
  }
});
