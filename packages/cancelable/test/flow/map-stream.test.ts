import { describe, expect, test } from "vitest";
import {
  Cancellable,
  CancelScope,
  type MapStreamOptions,
  mapStream,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { type Case, deferred, describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { cancelledAtEveryTurn } from "../every-turn.ts";
import { until } from "../until.ts";

/** Counts the pulls and the closings of a source of `items`. */
function watched<T>(items: Iterable<T>): {
  readonly source: AsyncIterableIterator<T>;
  readonly counts: { pulled: number; closed: number };
} {
  const counts = { pulled: 0, closed: 0 };
  const iterator = items[Symbol.iterator]();
  return {
    counts,
    source: {
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        const result = iterator.next();
        if (!result.done) counts.pulled++;
        return result;
      },
      async return() {
        counts.closed++;
        return { done: true, value: undefined };
      },
    },
  };
}

function* endless(): Generator<number> {
  for (let n = 0; ; n++) yield n;
}

/** The values of `stream`, each with its time, such as `0@100`. */
async function timed(stream: AsyncIterable<unknown>, t: Case): Promise<string> {
  const found: string[] = [];
  for await (const value of stream) found.push(`${value}@${t.elapsed()}`);
  return found.join(" ");
}

const firstTakes100 = (item: number): Promise<number> => sleep(item === 0 ? 100 : 10).then(() => item);

describeEverywhere("mapStream", (everywhere) => {
  const order: ReadonlyArray<readonly [MapStreamOptions<number>, string]> = [
    [{}, "0@100 1@100 2@110 3@110 4@120 5@120"],
    [{ ordered: false }, "1@10 2@20 3@30 4@40 5@50 0@100"],
    [{ buffer: 4 }, "0@100 1@100 2@100 3@100 4@100 5@100"],
  ];
  for (const [options, expected] of order) {
    inVirtualTime(`the times of the results with ${JSON.stringify(options)} (VERB-17)`, async (t) => {
      const stream = mapStream([0, 1, 2, 3, 4, 5], firstTakes100, { concurrency: 2, ...options });
      expect(await timed(stream, t)).toBe(expected);
    });
  }

  everywhere("a slow reader is never more than `concurrency` items behind the source (VERB-18)", async () => {
    const { source, counts } = watched(endless());
    let taken = 0;
    let most = 0;
    for await (const _ of mapStream(source, (item) => item, { concurrency: 3 })) {
      taken++;
      await sleep(1);
      most = Math.max(most, counts.pulled - taken);
      if (taken === 20) break;
    }
    expect([most, counts.closed]).toEqual([3, 1]);
  });

  everywhere("leaving the loop waits for the calls and closes the source once (VERB-19)", async (t) => {
    const { source, counts } = watched(endless());
    let ended = 0;
    const stream = mapStream(
      source,
      async (item) => {
        if (item === 0) return item;
        try {
          return await sleepForever();
        } finally {
          await shield(() => sleep(7));
          ended++;
        }
      },
      { concurrency: 2 },
    );
    for await (const _ of stream) break;
    expect([ended, counts]).toEqual([2, { pulled: 3, closed: 1 }]);
    t.expectElapsed(7);
  });

  inVirtualTime("a failure of a call comes after the results before it (VERB-20)", async (t) => {
    const undelivered: unknown[] = [];
    const stream = mapStream(
      endless(),
      async (item) => {
        await sleep(item === 3 ? 15 : 10);
        if (item === 3) throw new Error("three");
        return item;
      },
      { concurrency: 2, onUndelivered: (value) => undelivered.push(value) },
    );
    const found: string[] = [];
    const error = await rejection(
      (async () => {
        for await (const value of stream) found.push(`${value}@${t.elapsed()}`);
      })(),
    );
    expect([found.join(" "), t.elapsed(), undelivered]).toEqual(["0@10 1@10 2@20", 25, []]);
    expect(error).toMatchObject({ message: "three" });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  inVirtualTime("a failure of the source comes after the results of its items (VERB-20)", async (t) => {
    async function* three(): AsyncGenerator<number> {
      yield* [0, 1, 2];
      throw new Error("source");
    }
    const stream = mapStream(three(), (item) => sleep(10).then(() => item), { concurrency: 5 });
    const found: string[] = [];
    const error = await rejection(
      (async () => {
        for await (const value of stream) found.push(`${value}@${t.elapsed()}`);
      })(),
    );
    expect(found.join(" ")).toBe("0@10 1@10 2@10");
    expect(error).toMatchObject({ message: "source" });
  });

  everywhere("results behind the gap of a failed call go to onUndelivered, in order (VERB-20)", async () => {
    const undelivered: number[] = [];
    const failing = deferred<number>();
    const stream = mapStream([0, 1, 2, 3], (item) => (item === 1 ? failing.promise : item), {
      concurrency: 4,
      onUndelivered: (value) => undelivered.push(value),
    });
    expect(await stream.next()).toEqual({ done: false, value: 0 });
    await sleep(1);
    failing.reject(new Error("one"));
    expect(await rejection(stream.next())).toMatchObject({ message: "one" });
    expect(undelivered).toEqual([2, 3]);
  });

  everywhere("calls in one turn are answered in order (VERB-39)", async () => {
    const stream = mapStream([0, 1], (item) => item, { concurrency: 2 });
    const order: unknown[] = [];
    await Promise.all(
      [stream.next(), stream.next(), stream.next()].map(async (call) => order.push(await call)),
    );
    expect(order).toEqual([
      { done: false, value: 0 },
      { done: false, value: 1 },
      { done: true, value: undefined },
    ]);
  });

  everywhere("return(value) before the first next() closes the source once (VERB-39)", async () => {
    const { source, counts } = watched(endless());
    const stream = mapStream(source, () => expect.fail("it was called"));
    const value = "value" as unknown as undefined;
    const answers = [stream.return(value), stream.return(value), stream.next()];
    expect(await Promise.all(answers)).toEqual([
      { done: true, value },
      { done: true, value },
      { done: true, value: undefined },
    ]);
    expect(counts).toEqual({ pulled: 0, closed: 1 });
  });

  everywhere("throw(error) before the first next() and later closes the source once (VERB-39)", async () => {
    for (const begun of [false, true]) {
      const { source, counts } = watched(endless());
      const stream = mapStream(source, (item) => item);
      if (begun) await stream.next();
      const error = new Error("thrown in");
      expect(await rejection(stream.throw(error))).toBe(error);
      expect(await stream.next()).toEqual({ done: true, value: undefined });
      expect(counts.closed).toBe(1);
    }
  });

  everywhere("return() during a read ends the read (VERB-39)", async () => {
    const stream = mapStream([1], () => sleepForever());
    const reads = [stream.next(), stream.next()];
    await sleep(1);
    expect(await stream.return(undefined)).toEqual({ done: true, value: undefined });
    const done = { done: true, value: undefined };
    expect(await Promise.all(reads)).toEqual([done, done]);
  });

  everywhere("a reader that is cancelled leaves its results to onUndelivered (VERB-20)", async () => {
    const undelivered: number[] = [];
    const { source, counts } = watched([0, 1, 2, 3, 4, 5]);
    let calls = 0;
    const call = (item: number): number => {
      calls++;
      return item;
    };
    const stream = mapStream(source, call, {
      concurrency: 3,
      onUndelivered: (value) => undelivered.push(value),
    });
    const scope = new CancelScope();
    await scope.run(async () => {
      for await (const _ of stream) {
        await until(() => calls === 4);
        await sleep(5);
        scope.cancel();
      }
    });
    expect([undelivered, counts.closed]).toEqual([[1, 2, 3], 1]);
  });

  everywhere(
    "a result in the turn of a cancellation is delivered, and the next read throws (rule 26)",
    async () => {
      const scope = new CancelScope();
      const result = deferred<string>();
      await scope.run(async () => {
        const stream = mapStream([1, 2], () => result.promise);
        const read = stream.next();
        await sleep(1);
        result.resolve("there");
        // The call has given its result, and the reader has not run.
        for (let hop = 0; hop < 20; hop++) await Promise.resolve();
        scope.cancel();
        expect(await read).toEqual({ done: false, value: "there" });
        expect(await rejection(stream.next())).toBe(scope.error);
      });
    },
  );

  everywhere("in a cancelled scope nothing is pulled, and the source is closed (rule 41)", async () => {
    const scope = new CancelScope();
    scope.cancel();
    const { source, counts } = watched([1]);
    await scope.run(async () => {
      const stream = mapStream(source, () => expect.fail("it was called"));
      expect(await rejection(stream.next())).toBe(scope.error);
    });
    expect(counts).toEqual({ pulled: 0, closed: 1 });
  });

  everywhere(
    "a parent that has ended before the first read, or during the reads, ends the stream",
    async () => {
      const parent = new CancelScope();
      const { source, counts } = watched([1, 2]);
      const late = mapStream(source, (item) => item, { parent });
      const { source: other, counts: read } = watched([1, 2, 3]);
      const begun = mapStream(other, (item) => item, { parent });
      await parent.run(async () => void (await begun.next()));
      expect(await rejection(late.next())).toMatchObject({ code: "ERR_PARENT_ENDED" });
      expect(await late.next()).toEqual({ done: true, value: undefined });
      expect(await rejection(begun.next())).toMatchObject({ reason: "parent" });
      expect([counts, read.closed]).toEqual([{ pulled: 0, closed: 1 }, 1]);
    },
  );

  everywhere("an error of closing an unread source comes out of return()", async () => {
    const boom = new Error("boom");
    const source = {
      next: () => expect.fail("it was pulled"),
      return: () => Promise.reject(boom),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    const stream = mapStream(source, () => 1);
    expect(await rejection(stream.return(undefined))).toBe(boom);
    expect(await stream.return(undefined)).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  everywhere(
    "an error of a clean-up after leaving comes out of return(), and throw() reports it",
    async (t) => {
      const boom = new Error("boom");
      const failing = async (item: number): Promise<number> => {
        if (item === 0) return item;
        try {
          return await sleepForever();
        } finally {
          throw boom;
        }
      };
      for (const leave of ["return", "throw"] as const) {
        const stream = mapStream([0, 1], failing, { concurrency: 2 });
        await stream.next();
        const left = new Error("left");
        const error = await rejection(leave === "return" ? stream.return(undefined) : stream.throw(left));
        expect(error).toBe(leave === "return" ? boom : left);
      }
      expect(t.reported.splice(0)).toEqual([boom]);
    },
  );

  everywhere("two return() in one turn both wait for the clean-up", async (t) => {
    const stream = mapStream(
      [0, 1],
      async (item) => {
        if (item === 0) return item;
        try {
          return await sleepForever();
        } finally {
          await shield(() => sleep(5));
        }
      },
      { concurrency: 2 },
    );
    await stream.next();
    await Promise.all([stream.return(undefined), stream.return(undefined), stream.next()]);
    t.expectElapsed(5);
  });

  everywhere("a clean-up that fails after its scope has ended is reported", async (t) => {
    const boom = new Error("boom");
    await new Cancellable().run(async () => {
      const stream = mapStream(
        [0, 1],
        async (item) => {
          if (item === 0) return item;
          try {
            return await sleepForever();
          } finally {
            throw boom;
          }
        },
        { concurrency: 2 },
      );
      await stream.next();
    });
    await sleep(1);
    expect(t.reported.splice(0)).toEqual([boom]);
  });

  everywhere("an error of closing a source that a cancelled scope never reads is reported", async (t) => {
    const boom = new Error("boom");
    const source = {
      next: () => expect.fail("it was pulled"),
      return: () => Promise.reject(boom),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(async () => {
      expect(await rejection(mapStream(source, () => 1).next())).toBe(scope.error);
    });
    expect(t.reported.splice(0)).toEqual([boom]);
  });

  everywhere("a limit in the options ends the calls, and the reader receives it", async (t) => {
    const stream = mapStream([1], () => sleepForever(), { timeout: 10, name: "pages" });
    expect(await rejection(stream.next())).toMatchObject({ name: "TimeoutError" });
    t.expectElapsed(10);
    const late = mapStream([1], () => expect.fail("it was called"), { timeout: 0 });
    expect(await rejection(late.next())).toMatchObject({ name: "TimeoutError" });
  });

  everywhere("a stream without a reader ends with the scope around it (rule 49)", async () => {
    const { source, counts } = watched(endless());
    const undelivered: number[] = [];
    const stream = mapStream(source, (item) => item, {
      concurrency: 2,
      onUndelivered: (item) => undelivered.push(item),
    });
    await new Cancellable().run(async () => {
      await stream.next();
      await sleep(1);
    });
    expect([undelivered, counts.closed]).toEqual([[1, 2], 1]);
    expect(await rejection(stream.next())).toMatchObject({ reason: "parent" });
  });

  everywhere(
    "a stream that another task of the scope reads goes on after the body of the scope",
    async () => {
      const found: number[] = [];
      await taskGroup(async (group) => {
        const stream = mapStream([0, 1, 2], (item) => sleep(1).then(() => item));
        await stream.next();
        group.startSoon(async () => {
          for await (const item of stream) {
            found.push(item);
            await sleep(1);
          }
        });
      });
      expect(found).toEqual([1, 2]);
    },
  );

  everywhere("fn that throws, a bad thenable and undefined as an error are failures", async () => {
    const boom = new Error("boom");
    const odd = {
      get then(): never {
        throw boom;
      },
    } as unknown as Promise<never>;
    const throwing = (error: unknown) => (): never => {
      throw error;
    };
    expect(await rejection(mapStream([1], throwing(boom)).next())).toBe(boom);
    expect(await rejection(mapStream([1], throwing(undefined)).next())).toBeUndefined();
    expect(await rejection(mapStream([1], () => odd).next())).toBe(boom);
  });

  everywhere("promises among the items are waited for", async () => {
    const items = [Promise.resolve(1), 2];
    const found: number[] = [];
    for await (const value of mapStream(items, (item) => item * 2)) found.push(value);
    for await (const value of mapStream(new Set(items), (item) => item * 2)) found.push(value);
    expect(found).toEqual([2, 4, 2, 4]);
  });

  everywhere("bad arguments are refused at once", async () => {
    const fn = (): number => 1;
    const wrong = <T>(value: unknown): T => value as T;
    for (const concurrency of [0, -1, 1.5, Number.NaN]) {
      expect(() => mapStream([1], fn, { concurrency })).toThrow(/^options\.concurrency must be a whole/);
    }
    for (const buffer of [-1, 1.5, Number.NaN]) {
      expect(() => mapStream([1], fn, { buffer })).toThrow(/^options\.buffer must be a whole/);
    }
    expect(() => mapStream([1], fn, { ordered: wrong(1) })).toThrow(
      /^options\.ordered must be true or false/,
    );
    expect(() => mapStream([1], fn, { onUndelivered: wrong(1) })).toThrow(/^options\.onUndelivered/);
    expect(() => mapStream([1], fn, { timeout: Number.NaN })).toThrow(RangeError);
    expect(() => mapStream(wrong<Iterable<number>>(5), fn)).toThrow(/^source must be an async iterable/);
    expect(() => mapStream([1], wrong(5))).toThrow(/^fn must be a function/);
    const parent = new CancelScope();
    await parent.run(() => {});
    expect(() => mapStream([1], fn, { parent })).toThrow(/has ended/);
    for await (const _ of mapStream([], fn)) expect.fail("there was a value");
  });
});

test("a million synchronous items leave nothing on the heap, and timers fire (VERB-21)", async () => {
  const { output, errors } = await runScript(
    `
    import { mapStream } from "@hother/cancelable";
    const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    function* items() { for (let n = 0; n < 1_000_000; n++) yield n; }
    let fired = 0;
    const timer = setInterval(() => fired++, 5);
    let before, read = 0;
    for await (const value of mapStream(items(), (n) => n, { concurrency: 4 })) {
      if (++read === 100_000) before = heap();
    }
    clearInterval(timer);
    console.log(JSON.stringify({ read, fired, grown: heap() - before }));
    `,
    ["--expose-gc"],
  );
  expect(errors).toBe("");
  const { read, fired, grown } = JSON.parse(output);
  expect(read).toBe(1_000_000);
  expect(fired).toBeGreaterThan(10);
  // One field of one object for each of the 900,000 items would be 8 bytes at least.
  expect(grown / 900_000).toBeLessThan(8);
}, 60_000);

describe("mapStream in a scope that is cancelled at every turn", () => {
  const pulled: number[] = [];
  const found: number[] = [];
  let closed = 0;
  let running = 0;
  function* numbers(): Generator<number> {
    try {
      for (let n = 0; n < 8; n++) {
        pulled.push(n);
        yield n;
      }
    } finally {
      closed++;
    }
  }

  for (const ordered of [true, false]) {
    cancelledAtEveryTurn(
      `every result is delivered or given to onUndelivered, ordered: ${ordered} (rule 26)`,
      async () => {
        const options = { concurrency: 2, buffer: 1, ordered, onUndelivered: (n: number) => found.push(n) };
        for await (const n of mapStream(numbers(), (n) => n, options)) {
          found.push(n);
          await sleep(5);
        }
      },
      {
        times: [0, 5, 10, 15, 40],
        after() {
          expect(found.splice(0).sort()).toEqual(pulled.splice(0));
          expect(closed).toBeLessThanOrEqual(1);
          closed = 0;
        },
      },
    );
  }

  cancelledAtEveryTurn(
    "no call and no source is left (rule 42)",
    async () => {
      async function* source(): AsyncGenerator<number> {
        running++;
        try {
          for (let n = 0; n < 6; n++) {
            yield n;
            await sleep(3);
          }
        } finally {
          await shield(() => sleep(1));
          running--;
        }
      }
      const call = async (n: number): Promise<number> => {
        running++;
        try {
          await sleep(n === 0 ? 20 : 7);
          return n;
        } finally {
          await shield(() => sleep(2));
          running--;
        }
      };
      for await (const n of mapStream(source(), call, { concurrency: 3 })) if (n === 4) break;
    },
    { times: [0, 3, 7, 20, 22, 29], after: () => expect(running).toBe(0) },
  );
});
