import { moveOnAfter, sleep, sleepForever } from "@hother/cancelable";
import { fromAsyncIterable, toAsyncIterable } from "@hother/cancelable-backends/effection";
import { each, ensure, type Operation, resource, run, type Stream, suspend } from "effection";
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
  const task = run(function* () {
    for (const item of yield* each(fromAsyncIterable(() => counting(closed, 1)))) {
      seen.push(item);
      yield* each.next();
    }
  });
  await sleep(5);
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
  await moveOnAfter(10, async () => {
    for await (const item of toAsyncIterable(giving(1, released))) seen.push(item);
  });
  expect([seen, released]).toEqual([[1], ["released"]]);
});
