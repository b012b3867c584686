import { expect, expectTypeOf, vi } from "vitest";
import {
  all,
  any,
  Cancellable,
  CancelScope,
  Event,
  isCancellation,
  map,
  moveOnAfter,
  race,
  shield,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("all: values", (everywhere) => {
  everywhere("the values are in the order of the tasks, whichever task ends first (CONF-H01)", async () => {
    const ended: string[] = [];
    const done = { a: new Event(), b: new Event(), c: new Event() };
    const after = (value: keyof typeof done, before?: keyof typeof done) => async (): Promise<string> => {
      if (before !== undefined) await done[before].wait();
      ended.push(value);
      done[value].set();
      return value;
    };
    expect(await all([after("a", "c"), after("b"), after("c", "b")])).toEqual(["a", "b", "c"]);
    expect(ended).toEqual(["b", "c", "a"]);
  });

  everywhere("functions, also synchronous ones, and promises may be mixed and keep their types", async () => {
    const [one, two, three]: [number, string, boolean] = await all([
      () => 1,
      Promise.resolve("two"),
      async () => true,
    ]);
    expect([one, two, three]).toEqual([1, "two", true]);
  });

  everywhere("an empty list of tasks gives an empty list of values", async () => {
    expect(await all([])).toEqual([]);
    expect(await all([], { concurrency: 1 })).toEqual([]);
  });
});

describeEverywhere("all: concurrency", (everywhere) => {
  everywhere("no more tasks run at once than allowed, and they start in order", async (t) => {
    const started: number[] = [];
    let inside = 0;
    let most = 0;
    const works = Array.from({ length: 7 }, (_, i) => async (): Promise<number> => {
      started.push(i);
      most = Math.max(most, ++inside);
      await sleep(10);
      inside--;
      return i;
    });
    expect(await all(works, { concurrency: 3 })).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(most).toBe(3);
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6]);
    t.expectElapsed(30);
  });

  everywhere("a limit above the number of tasks, or no limit, runs all tasks at once", async () => {
    for (const concurrency of [10, Number.POSITIVE_INFINITY]) {
      let inside = 0;
      const everybody = deferred();
      const work = async (): Promise<void> => {
        if (++inside === 4) everybody.resolve();
        await everybody.promise;
      };
      await all([work, work, work, work], { concurrency });
    }
  });

  everywhere("the limit is a whole number of at least 1", async () => {
    const work = vi.fn();
    for (const concurrency of [0, -1, 1.5, Number.NaN]) {
      expect(await rejection(all([work], { concurrency }))).toBeInstanceOf(RangeError);
    }
    expect(await rejection(all([work], { concurrency: "2" as never }))).toBeInstanceOf(TypeError);
    expect(work).not.toHaveBeenCalled();
  });

  everywhere("after a failure no further task starts", async () => {
    const started: number[] = [];
    const works = Array.from({ length: 5 }, (_, i) => async (): Promise<void> => {
      started.push(i);
      await sleep(1);
      if (i === 1) throw new Error("second");
    });
    expect(await rejection(all(works, { concurrency: 2 }))).toMatchObject({ message: "second" });
    expect(started.length).toBeLessThan(5);
  });
});

describeEverywhere("all: failures", (everywhere) => {
  everywhere(
    "the first failure cancels the other tasks, waits for them, and is what all() rejects with (CONF-H01)",
    async (t) => {
      const failure = new Error("first");
      const order: string[] = [];
      const error = await rejection(
        all([
          async () => {
            try {
              await sleepForever();
            } finally {
              await shield(() => sleep(20));
              order.push("cleaned up");
            }
          },
          async () => {
            await sleep(10);
            throw failure;
          },
        ]),
      );
      order.push("rejected");
      expect(error).toBe(failure);
      expect(order).toEqual(["cleaned up", "rejected"]);
      t.expectElapsed(30);
    },
  );

  everywhere("a function that throws synchronously is a failure like any other", async () => {
    const failure = new Error("sync");
    const error = await rejection(
      all([
        () => sleepForever(),
        () => {
          throw failure;
        },
      ]),
    );
    expect(error).toBe(failure);
  });

  everywhere("promises that lose are abandoned, and their late rejections are swallowed", async () => {
    const late = deferred();
    const error = await rejection(all([late.promise, Promise.reject(new Error("first"))]));
    expect(error).toMatchObject({ message: "first" });
    // The run fails if this is an unhandled rejection.
    late.reject(new Error("late"));
    await sleep(1);
  });

  everywhere(
    "an invalid task is refused before any task starts, and promises in the list cause no unhandled rejection",
    async () => {
      const work = vi.fn();
      const error = await rejection(all([work, Promise.reject(new Error("lost")), 42 as never]));
      expect(error).toMatchObject({ name: "TypeError", message: expect.stringContaining("tasks[2]") });
      expect(await rejection(all(undefined as never))).toBeInstanceOf(TypeError);
      await sleep(1);
      expect(work).not.toHaveBeenCalled();
    },
  );
});

describeEverywhere("all: cancellation", (everywhere) => {
  everywhere("a cancellation from outside ends every task and leaves as one error", async (t) => {
    let ended = 0;
    const work = async (): Promise<void> => {
      try {
        await sleepForever();
      } finally {
        ended++;
      }
    };
    const op = new Cancellable();
    const last = async (): Promise<void> => {
      await sleep(10);
      op.cancel("quota");
      await work();
    };
    const outcome = await op.settle(() => all([work, work, last]));
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
    expect(ended).toBe(3);
    t.expectElapsed(10);
  });

  everywhere("a cancellation reaches tasks that wait for a promise", async () => {
    const never = deferred<string>();
    expect(await moveOnAfter(5, () => all([never.promise, never.promise]))).toBeUndefined();
  });

  everywhere("an explicit parent has the same effect as the ambient one", async () => {
    const op = new Cancellable().start();
    const running = rejection(all([() => sleepForever()], { parent: op }));
    await sleep(1);
    op.cancel("shutdown", "closing");
    expect(isCancellation(await running, op)).toBe(true);
    await op[Symbol.asyncDispose]();
    const scope = new CancelScope();
    await scope.run(() => {});
    expect(await rejection(all([], { parent: scope }))).toMatchObject({ code: "ERR_PARENT_ENDED" });
  });
});

describeEverywhere("all: limited concurrency after a failure", (everywhere) => {
  everywhere("no further task starts after a failure", async () => {
    const begun: number[] = [];
    const works = [0, 1, 2, 3, 4].map((i) => async () => {
      begun.push(i);
      if (i === 0) {
        await sleep(5);
        throw new Error("first");
      }
      // Ends after the failure, on every machine.
      await sleepForever().catch(() => {});
      await shield(() => sleep(5));
    });
    await rejection(all(works, { concurrency: 2 }));
    expect(begun).toEqual([0, 1]);
  });
});

describeEverywhere("the types of all, race, any and map", (everywhere) => {
  everywhere("race and any give the union of the values, all and map give the list", async () => {
    const raced = await race([() => "text", async () => 1, Promise.resolve(true)]);
    expectTypeOf(raced).toEqualTypeOf<string | number | boolean>();
    expect(raced).toBe("text");
    const found = await any([() => Promise.reject<string>(new Error("no")), async () => 1]);
    expectTypeOf(found).toEqualTypeOf<string | number>();
    expect(found).toBe(1);
    const both = await all([() => "text", async () => 1]);
    expectTypeOf(both).toEqualTypeOf<[string, number]>();
    expect(both).toEqual(["text", 1]);
    const mapped = await map(["a", "bc"], async (text) => text.length);
    expectTypeOf(mapped).toEqualTypeOf<number[]>();
    expect(mapped).toEqual([1, 2]);
  });
});
