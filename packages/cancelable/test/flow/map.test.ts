import { describe, expect, vi } from "vitest";
import {
  all,
  asCompleted,
  CancelScope,
  Event,
  map,
  mapSettled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { cancelledAtEveryTurn } from "../every-turn.ts";

describeEverywhere("map", (everywhere) => {
  everywhere("the results are in the order of the items, also for an empty list (CONF-H03)", async () => {
    const ended: number[] = [];
    const done = [new Event(), new Event(), new Event()] as const;
    // Each item waits for the item that ends before it.
    const results = await map([2, undefined, 1] as const, async (before, index) => {
      if (before !== undefined) await done[before].wait();
      ended.push(index);
      done[index]?.set();
      return `${index} after ${before}`;
    });
    expect(results).toEqual(["0 after 2", "1 after undefined", "2 after 1"]);
    expect(ended).toEqual([1, 2, 0]);
    const fn = vi.fn();
    expect(await map([], fn)).toEqual([]);
    expect(fn).not.toHaveBeenCalled();
  });

  everywhere("any iterable and synchronous functions are accepted", async () => {
    const items = new Map([
      ["a", 1],
      ["b", 2],
    ]);
    expect(await map(items, ([key, value]) => key.repeat(value))).toEqual(["a", "bb"]);
  });

  everywhere("no more calls run at once than allowed, and they start in order", async (t) => {
    const started: number[] = [];
    let inside = 0;
    let most = 0;
    await map(
      [0, 1, 2, 3, 4],
      async (item) => {
        started.push(item);
        most = Math.max(most, ++inside);
        await sleep(10);
        inside--;
      },
      { concurrency: 2 },
    );
    expect([most, started]).toEqual([2, [0, 1, 2, 3, 4]]);
    t.expectElapsed(30);
  });

  everywhere("one slow call does not delay the others", async (t) => {
    const results = await map([50, 10, 10, 10, 10], (ms) => sleep(ms).then(() => ms), { concurrency: 2 });
    expect(results).toEqual([50, 10, 10, 10, 10]);
    t.expectElapsed(50);
  });

  everywhere(
    "the first failure cancels the running calls, and no further call starts (CONF-H03)",
    async () => {
      const calls: number[] = [];
      const order: string[] = [];
      const failure = new Error("second item");
      const error = await rejection(
        map(
          [0, 1, 2, 3],
          async (item) => {
            calls.push(item);
            if (item === 1) {
              await sleep(5);
              throw failure;
            }
            try {
              await sleepForever();
            } finally {
              await shield(() => sleep(5));
              order.push("cleaned up");
            }
          },
          { concurrency: 2 },
        ),
      );
      order.push("rejected");
      expect(error).toBe(failure);
      expect(calls).toEqual([0, 1]);
      expect(order).toEqual(["cleaned up", "rejected"]);
    },
  );

  everywhere("a cancellation from outside ends the running calls, and no further call starts", async () => {
    const calls: number[] = [];
    const scope = new CancelScope();
    await scope.run(() =>
      map(
        [0, 1, 2, 3],
        async (item) => {
          calls.push(item);
          if (item === 1) scope.cancel();
          await sleep(1);
        },
        { concurrency: 1 },
      ),
    );
    expect([scope.cancelledCaught, calls]).toEqual([true, [0, 1]]);
  });

  everywhere("arguments are checked before the first call", async () => {
    const fn = vi.fn();
    expect(await rejection(map(42 as never, fn))).toMatchObject({
      name: "TypeError",
      message: expect.stringContaining("items"),
    });
    expect(await rejection(map([1], "fn" as never))).toBeInstanceOf(TypeError);
    expect(await rejection(map([1], fn, { concurrency: 0 }))).toBeInstanceOf(RangeError);
    expect(fn).not.toHaveBeenCalled();
  });
});

describeEverywhere("map: shielded calls with limited concurrency", (everywhere) => {
  everywhere("no further call starts after a failure, while the running calls go on", async () => {
    const failure = new Error("first");
    const called: number[] = [];
    const ended: number[] = [];
    const error = await rejection(
      map(
        [0, 1, 2, 3, 4],
        async (i) => {
          called.push(i);
          // Shielded, so that the worker becomes free after the failure.
          await shield(() => sleep(5 + 10 * i));
          if (i === 0) throw failure;
          ended.push(i);
        },
        { concurrency: 2 },
      ),
    );
    expect(error).toBe(failure);
    expect([called, ended]).toEqual([[0, 1], [1]]);
  });

  everywhere(
    "no further call starts after the timeout, although the running calls ignore the cancellation",
    async (t) => {
      let calls = 0;
      const result = await moveOnAfter(25, () =>
        map(
          Array.from({ length: 50 }),
          async () => {
            calls++;
            await shield(() => sleep(10));
          },
          { concurrency: 1 },
        ),
      );
      expect(result).toBeUndefined();
      if (t.backend instanceof VirtualBackend) {
        expect(calls).toBe(3);
        t.expectElapsed(30);
      } else expect(calls).toBeLessThanOrEqual(3);
    },
  );
});

/** A source that counts its pulls and closings. */
function counting(limit = Number.POSITIVE_INFINITY): {
  readonly source: AsyncIterable<number>;
  readonly counts: { pulled: number; closed: number };
} {
  const counts = { pulled: 0, closed: 0 };
  return {
    counts,
    source: {
      [Symbol.asyncIterator]: () => ({
        next: async () =>
          counts.pulled < limit ? { done: false, value: counts.pulled++ } : { done: true, value: undefined },
        async return() {
          counts.closed++;
          return { done: true, value: undefined };
        },
      }),
    },
  };
}

describeEverywhere("map: pulling", (everywhere) => {
  everywhere(
    "an endless source is pulled as calls can start, and closed after a failure (VERB-16)",
    async () => {
      for (const kind of ["sync", "async"] as const) {
        const { source, counts } = counting();
        let pulled = 0;
        let closed = 0;
        function* numbers(): Generator<number> {
          try {
            for (;;) yield pulled++;
          } finally {
            closed++;
          }
        }
        const ended: number[] = [];
        const error = await rejection(
          map(
            kind === "sync" ? numbers() : source,
            async (item) => {
              if (item === 3) throw new Error("fourth");
              await sleep(item === 2 ? 60_000 : 1).finally(() => ended.push(item));
            },
            { concurrency: 2 },
          ),
        );
        expect(error).toMatchObject({ message: "fourth" });
        if (kind === "sync") Object.assign(counts, { pulled, closed });
        expect(counts.pulled).toBeLessThanOrEqual(5);
        expect([counts.closed, ended]).toEqual([1, [0, 1, 2]]);
      }
    },
  );

  everywhere("an item is pulled when a call can start, and not before (VERB-16, rule 47)", async () => {
    const { source, counts } = counting(10);
    let begun = 0;
    await map(
      source,
      async () => {
        begun++;
        await sleep(1);
        expect(counts.pulled - begun).toBeLessThanOrEqual(1);
      },
      { concurrency: 3 },
    );
    expect([begun, counts.closed]).toEqual([10, 0]);
  });

  everywhere(
    "a failure of the source cancels the calls and is thrown when they have ended (VERB-16)",
    async () => {
      const failure = new Error("source");
      async function* failing(): AsyncGenerator<number> {
        yield 1;
        await sleep(1);
        throw failure;
      }
      const order: string[] = [];
      const error = await rejection(
        map(failing(), async () => {
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(1));
            order.push("cleaned up");
          }
        }),
      );
      order.push("rejected");
      expect([error, order]).toEqual([failure, ["cleaned up", "rejected"]]);
    },
  );

  everywhere("a cancellation closes a source that is pulled at the moment", async (t) => {
    const ended: string[] = [];
    async function* silent(scope: CancelScope): AsyncGenerator<number> {
      try {
        yield 1;
        scope.deadline = t.backend.now() + 5;
        await sleepForever();
      } finally {
        ended.push("source");
      }
    }
    const value = await moveOnAfter(null, (scope) => map(silent(scope), () => 1));
    expect([value, ended]).toEqual([undefined, ["source"]]);
  });

  everywhere("each call gets its scope", async () => {
    const scopes = await map([1, 2], (_item, _index, scope) => scope, { concurrency: 1 });
    expect(scopes[0]).not.toBe(scopes[1]);
    expect(scopes[0]?.isCancelled).toBe(false);
  });

  everywhere("a source that lies or throws is a failure and leaves nothing hanging", async () => {
    const boom = new Error("boom");
    const throwing = (): never => {
      throw boom;
    };
    const iterator = (next: unknown): AsyncIterable<number> =>
      ({ [Symbol.asyncIterator]: () => ({ next }) }) as AsyncIterable<number>;
    const odd: ReadonlyArray<AsyncIterable<number>> = [
      { [Symbol.asyncIterator]: throwing },
      iterator(throwing),
      iterator(() => Object.defineProperty({}, "done", { get: throwing })),
      iterator(() => Object.defineProperty({ done: false }, "value", { get: throwing })),
      iterator(() => Object.defineProperty({}, "then", { get: throwing })),
    ];
    for (const source of odd) expect(await rejection(map(source, (n) => n))).toBe(boom);
    expect(
      await rejection(
        map(
          iterator(() => 5),
          (n) => n,
        ),
      ),
    ).toBeInstanceOf(TypeError);
  });
});

describeEverywhere("all and asCompleted: pulling", (everywhere) => {
  everywhere("tasks of an endless generator are pulled as they can start, and closed (VERB-16)", async () => {
    let pulled = 0;
    let closed = 0;
    function* tasks(): Generator<() => Promise<number>> {
      try {
        for (;;) {
          const n = pulled++;
          yield () => (n === 3 ? Promise.reject(new Error("fourth")) : sleep(1).then(() => n));
        }
      } finally {
        closed++;
      }
    }
    expect(await rejection(all(tasks(), { concurrency: 2 }))).toMatchObject({ message: "fourth" });
    expect(pulled).toBeLessThanOrEqual(5);
    for await (const _ of asCompleted(tasks(), { concurrency: 1 })) break;
    expect(closed).toBe(2);
  });

  everywhere("an async iterable of tasks", async () => {
    async function* tasks(): AsyncGenerator<() => number> {
      yield () => 1;
      await sleep(1);
      yield () => 2;
    }
    expect(await all(tasks())).toEqual([1, 2]);
    const found: number[] = [];
    for await (const value of asCompleted(tasks())) found.push(value);
    expect(found).toEqual([1, 2]);
    async function* wrong(): AsyncGenerator<never> {
      yield 5 as never;
    }
    expect(await rejection(all(wrong()))).toMatchObject({
      name: "TypeError",
      message: "tasks[0] must be a function or a promise; got 5",
    });
  });

  everywhere(
    "an error of closing a source with a wrong task is reported, and the TypeError is thrown",
    async (t) => {
      const boom = new Error("boom");
      const tasks: AsyncIterable<never> = {
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: false, value: 5 as never }),
          return: () => Promise.reject(boom),
        }),
      };
      expect(await rejection(all(tasks))).toBeInstanceOf(TypeError);
      expect(t.reported.splice(0)).toEqual([boom]);
    },
  );

  everywhere("promises in an iterable run at the same time", async (t) => {
    const promises = new Set([sleep(5).then(() => "a"), sleep(5).then(() => "b")]);
    expect(await all(promises)).toEqual(["a", "b"]);
    t.expectElapsed(5);
  });
});

describe("map and its kin in a scope that is cancelled at every turn", () => {
  let running = 0;
  const call = async (n: number): Promise<number> => {
    running++;
    try {
      await sleep(n === 0 ? 10 : 3);
      return n;
    } finally {
      await shield(() => sleep(1));
      running--;
    }
  };
  async function* source(): AsyncGenerator<number> {
    running++;
    try {
      for (let n = 0; n < 5; n++) {
        yield n;
        await sleep(1);
      }
    } finally {
      running--;
    }
  }
  const tasks = (): Array<() => Promise<number>> => [0, 1, 2].map((n) => () => call(n));
  const verbs: Readonly<Record<string, () => Promise<unknown>>> = {
    map: () => map(source(), call, { concurrency: 2 }),
    "map of an array": () => map([0, 1, 2, 3], call),
    mapSettled: () => mapSettled(source(), call, { concurrency: 2 }),
    all: () => all(tasks(), { concurrency: 2 }),
    asCompleted: async () => {
      for await (const n of asCompleted(tasks())) if (n === 0) break;
    },
  };
  for (const [name, verb] of Object.entries(verbs)) {
    cancelledAtEveryTurn(`${name} leaves nothing (rule 42)`, verb, {
      times: [0, 1, 3, 4, 10],
      after: () => expect(running).toBe(0),
    });
  }
});
