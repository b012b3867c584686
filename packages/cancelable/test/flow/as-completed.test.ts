import { expect } from "vitest";
import {
  asCompleted,
  Cancellable,
  CancelScope,
  Event,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

const after =
  <T>(ms: number, value: T) =>
  async (): Promise<T> => {
    await sleep(ms);
    return value;
  };

async function collect<T>(from: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of from) found.push(one);
  return found;
}

describeEverywhere("asCompleted", (everywhere) => {
  everywhere("values come in the order of completion (CONF-H02)", async () => {
    const done = { quick: new Event(), middle: new Event(), slow: new Event() };
    const work = (name: keyof typeof done, before?: keyof typeof done) => async (): Promise<string> => {
      if (before !== undefined) await done[before].wait();
      done[name].set();
      return name;
    };
    expect(
      await collect(asCompleted([work("slow", "middle"), work("quick"), work("middle", "quick")])),
    ).toEqual(["quick", "middle", "slow"]);
    // Functions that return at once, promises, and undefined as a value.
    expect(await collect(asCompleted([() => 1, () => undefined, Promise.resolve(3)]))).toHaveLength(3);
  });

  everywhere("no task starts before the first read, and a late read loses no value", async () => {
    const begun: number[] = [];
    const reading = asCompleted([1, 2].map((n) => () => void begun.push(n)));
    await sleep(5);
    expect(begun).toEqual([]);
    await reading.next();
    expect(begun).toEqual([1, 2]);
    await sleep(5);
    expect(await collect(reading)).toEqual([undefined]);
  });

  everywhere("leaving the loop early cancels the other tasks and waits for them (CONF-H02)", async (t) => {
    const order: string[] = [];
    const slow = async (): Promise<string> => {
      try {
        return await sleepForever();
      } finally {
        await shield(() => sleep(20));
        order.push("cleaned up");
      }
    };
    for await (const value of asCompleted([after(5, "first"), slow])) {
      order.push(value);
      break;
    }
    order.push("left");
    expect(order).toEqual(["first", "cleaned up", "left"]);
    t.expectElapsed(25);
  });

  everywhere("return() during a read does not wait for a value (CONF-H02)", async () => {
    const reading = asCompleted([() => sleepForever()]);
    const next = reading.next();
    await sleep(1);
    expect(await reading.return(undefined)).toEqual({ done: true, value: undefined });
    expect(await next).toEqual({ done: true, value: undefined });
    // An iterator that was never read has nothing to leave.
    const unread = asCompleted([() => expect.fail("it was started")]);
    await unread.return(undefined);
    expect(await unread.next()).toEqual({ done: true, value: undefined });
    {
      await using disposed = asCompleted([after(1, "one"), () => sleepForever()]);
      expect(await disposed.next()).toEqual({ done: false, value: "one" });
    }
  });

  everywhere(
    "a failure cancels the other tasks and comes after the values before it (CONF-H02)",
    async () => {
      const ended: string[] = [];
      const hasStarted = new Event();
      const failing = async (): Promise<never> => {
        await hasStarted.wait();
        await sleep(10);
        throw new Error("boom");
      };
      const other = async (): Promise<never> => {
        hasStarted.set();
        return sleepForever().finally(() => ended.push("other"));
      };
      const values: string[] = [];
      const error = await rejection(
        (async () => {
          for await (const value of asCompleted([after(5, "before"), failing, other])) {
            values.push(value);
            await sleep(20);
          }
        })(),
      );
      expect([values, ended, error]).toMatchObject([["before"], ["other"], { message: "boom" }]);
    },
  );

  everywhere("the first failure is thrown and a later one is reported, as in a task group", async (t) => {
    const reading = asCompleted([
      async () => {
        try {
          return await sleepForever();
        } finally {
          throw new Error("late");
        }
      },
      async () => {
        await sleep(1);
        throw new Error("first");
      },
    ]);
    expect(await rejection(reading.next())).toMatchObject({ message: "first" });
    expect(t.reported.splice(0)).toMatchObject([{ message: "late" }]);
    expect(await reading.next()).toEqual({ done: true, value: undefined });
  });

  everywhere("a failure in the clean-up after leaving comes out of return()", async () => {
    const reading = asCompleted([
      after(1, "value"),
      async () => {
        try {
          return await sleepForever();
        } finally {
          throw new Error("cleanup");
        }
      },
    ]);
    await reading.next();
    expect(await rejection(reading.return(undefined))).toMatchObject({ message: "cleanup" });
  });

  everywhere(
    "the consumer's cancellation reaches every task and is what the consumer receives",
    async (t) => {
      const ended: string[] = [];
      const value = await moveOnAfter(null, async (scope) => {
        const works = ["one", "two"].map((name) => () => {
          if (name === "two") scope.deadline = t.backend.now() + 20;
          return sleepForever().finally(() => ended.push(name));
        });
        for await (const _ of asCompleted(works)) expect.fail("there was no value");
        return "not cancelled";
      });
      expect([value, ended]).toEqual([undefined, ["one", "two"]]);
      t.expectElapsed(20);
    },
  );

  everywhere(
    "a failure in the clean-up after the consumer's cancellation is thrown, as by a task group",
    async () => {
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        const dying = async (): Promise<never> => {
          try {
            setImmediate(() => op.cancel("shutdown"));
            return await sleepForever();
          } finally {
            throw new Error("cleanup");
          }
        };
        for await (const _ of asCompleted([dying])) expect.fail("there was no value");
      });
      expect(outcome).toMatchObject({ status: "failed", error: { message: "cleanup" } });
      expect(op.context).toMatchObject({ cancelReason: "shutdown" });
    },
  );

  everywhere("a consumer that is cancelled between two values leaves no task running", async () => {
    const ended: string[] = [];
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      for await (const _ of asCompleted([() => 1, () => sleepForever().finally(() => ended.push("other"))])) {
        op.cancel();
      }
    });
    expect([outcome.status, ended]).toEqual(["cancelled", ["other"]]);
  });

  everywhere("at most `concurrency` tasks run at a time, in order", async () => {
    let running = 0;
    let most = 0;
    const works = [3, 1, 2, 1, 1].map((ms) => async () => {
      most = Math.max(most, ++running);
      await sleep(ms * 5);
      running--;
      return ms;
    });
    expect((await collect(asCompleted(works, { concurrency: 2 }))).sort()).toEqual([1, 1, 1, 2, 3]);
    expect(most).toBe(2);
  });

  everywhere(
    "the cancellation of an explicit parent ends the tasks, and the consumer receives it",
    async () => {
      const parent = new CancelScope();
      const never = deferred();
      const held = parent.run(() => Promise.race([never.promise, sleepForever()]));
      const ended: string[] = [];
      const reading = asCompleted([() => sleepForever().finally(() => ended.push("work"))], { parent });
      const next = rejection(reading.next());
      await sleep(1);
      parent.cancel("shutdown");
      expect([await next, ended]).toMatchObject([{ name: "AbortError" }, ["work"]]);
      await held;
    },
  );

  everywhere("an empty list has no values", async () => {
    expect(await collect(asCompleted([]))).toEqual([]);
  });

  everywhere("an invalid task is refused before any task starts (CONF-H02)", () => {
    expect(() => asCompleted(5 as unknown as [])).toThrow(/^tasks must be an iterable/);
    expect(() => asCompleted([() => 1, 5 as unknown as () => number])).toThrow(
      /^tasks\[1\] must be a function/,
    );
    expect(() => asCompleted([() => 1], { concurrency: 0 })).toThrow(/^options\.concurrency must be/);
  });
});
