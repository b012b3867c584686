import { Event, moveOnAfter, sleep, sleepForever } from "@hother/cancelable";
import { fromAsyncIterable, toAsyncIterable } from "@hother/cancelable-backends/effect";
import { Effect, Fiber, Stream } from "effect";
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

test("an async generator becomes an Effect stream, opened anew by each run", async () => {
  const closed: string[] = [];
  const stream = fromAsyncIterable(() => counting(closed));
  expect(await Effect.runPromise(Stream.runCollect(stream))).toEqual([1, 2, 3]);
  expect(await Effect.runPromise(Stream.runCollect(Stream.take(stream, 2)))).toEqual([1, 2]);
  expect(closed).toEqual(["closed", "closed"]);
});

test("interrupting the fiber ends the wait for a silent source and waits until the source is closed", async () => {
  const closed: string[] = [];
  const seen: number[] = [];
  const hasItem = new Event();
  const see = (item: number): void => {
    seen.push(item);
    hasItem.set();
  };
  const fiber = Effect.runFork(
    Stream.runForEach(
      fromAsyncIterable(() => counting(closed, 1)),
      (item) => Effect.sync(() => see(item)),
    ),
  );
  await hasItem.wait();
  await sleep(5); // the source is silent now
  await Effect.runPromise(Fiber.interrupt(fiber));
  expect([seen, closed]).toEqual([[1], ["closed"]]);
});

test("an error of the source is a typed failure", async () => {
  const broken = fromAsyncIterable<number, RangeError>(
    async function* fails() {
      throw new Error("disk");
    },
    { catch: (error) => new RangeError((error as Error).message) },
  );
  const failure = await Effect.runPromise(Effect.flip(Stream.runDrain(broken)));
  expect(failure).toBeInstanceOf(RangeError);
  expect(failure.message).toBe("disk");
});

test("without catch an error of the source is the failure itself", async () => {
  const failure = new Error("down");
  const stream = fromAsyncIterable<number, Error>(async function* () {
    yield 1;
    throw failure;
  });
  expect(await Effect.runPromise(Effect.flip(Stream.runDrain(stream)))).toBe(failure);
});

test("an Effect stream becomes an async iterable, whose finalizers run when the loop is left", async () => {
  const released: string[] = [];
  const stream = Stream.ensuring(
    Stream.make(1, 2, 3),
    Effect.sync(() => void released.push("released")),
  );
  for await (const item of toAsyncIterable(stream)) if (item === 2) break;
  expect(released).toEqual(["released"]);
});

test("cancelling the scope that reads a silent Effect stream interrupts the stream and waits", async () => {
  const released: string[] = [];
  const stream = Stream.ensuring(
    Stream.concat(Stream.make(1), Stream.never),
    Effect.promise(async () => {
      await Promise.resolve();
      released.push("released");
    }),
  );
  const seen: number[] = [];
  await moveOnAfter(null, async (scope) => {
    for await (const item of toAsyncIterable(stream)) {
      seen.push(item);
      setTimeout(() => scope.cancel(), 1);
    }
  });
  expect([seen, released]).toEqual([[1], ["released"]]);
});

test("converting back and forth gives the same stream, although each item is read by another fiber", async () => {
  const closed: string[] = [];
  const seen: number[] = [];
  for await (const item of toAsyncIterable(fromAsyncIterable(() => counting(closed)))) seen.push(item);
  for await (const item of Stream.toAsyncIterable(fromAsyncIterable(() => counting(closed)))) seen.push(item);
  expect([seen, closed]).toEqual([
    [1, 2, 3, 1, 2, 3],
    ["closed", "closed"],
  ]);
});
