import { expect } from "vitest";
import { any, Cancellable, moveOnAfter, race, shield, sleep, sleepForever } from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

const after =
  <T>(ms: number, value: T) =>
  async (): Promise<T> => {
    await sleep(ms);
    return value;
  };

const failAt = (ms: number, message: string) => async (): Promise<never> => {
  await sleep(ms);
  throw new Error(message);
};

describeEverywhere("race", (everywhere) => {
  everywhere(
    "the first task that settles decides, and the others are cancelled and waited for",
    async (t) => {
      const order: string[] = [];
      const value = await race([
        after(10, "fast"),
        async () => {
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(20));
            order.push("loser ended");
          }
        },
      ]);
      order.push("race ended");
      expect(value).toBe("fast");
      expect(order).toEqual(["loser ended", "race ended"]);
      t.expectElapsed(30);
    },
  );

  everywhere("a failure that comes first decides too", async () => {
    expect(await rejection(race([() => sleepForever(), failAt(5, "early")]))).toMatchObject({
      message: "early",
    });
  });

  everywhere("of two tasks that end in the same turn the first in the list wins", async () => {
    expect(await race([() => "one", () => "two"])).toBe("one");
    expect(await race([after(5, "one"), after(5, "two")])).toBe("one");
  });

  everywhere("promises take part, and their late rejections are swallowed", async () => {
    const late = deferred<string>();
    expect(await race([late.promise, after(5, "function")])).toBe("function");
    // The run fails if this is an unhandled rejection.
    late.reject(new Error("late"));
    await sleep(1);
    expect(await race([Promise.resolve("promise"), () => sleepForever()])).toBe("promise");
  });

  everywhere("a value that a cancelled task still returns changes nothing", async () => {
    const value = await race([
      after(5, "first"),
      async () => {
        try {
          await sleepForever();
        } catch {
          return "too late";
        }
      },
    ]);
    expect(value).toBe("first");
  });

  everywhere("a failure in a loser's clean-up goes to the reporter", async (t) => {
    const failure = new Error("clean-up");
    const value = await race([
      after(5, "first"),
      async () => {
        try {
          await sleepForever();
        } finally {
          throw failure;
        }
      },
    ]);
    expect(value).toBe("first");
    expect(t.reported.splice(0)).toEqual([failure]);
  });

  everywhere("an empty list and invalid tasks are refused", async () => {
    expect(await rejection(race([]))).toMatchObject({
      name: "RangeError",
      message: expect.stringContaining("tasks"),
    });
    expect(await rejection(race(undefined as never))).toBeInstanceOf(TypeError);
    expect(await rejection(race(["no work" as never]))).toBeInstanceOf(TypeError);
  });

  everywhere("a cancellation from outside passes through as itself", async (t) => {
    const op = Cancellable.withTimeout(10);
    const outcome = await op.settle(() => race([() => sleepForever(), () => sleepForever()]));
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
    t.expectElapsed(10);
  });

  everywhere("a task that times out by itself has settled and decides", async () => {
    const own = () => Cancellable.withTimeout(5).run(() => sleepForever());
    expect(await rejection(race([own, () => sleepForever()]))).toMatchObject({ reason: "timeout" });
  });
});

describeEverywhere("any", (everywhere) => {
  everywhere("the first success decides, and failures before it do not count", async (t) => {
    const order: string[] = [];
    const value = await any([
      failAt(1, "down"),
      after(10, "mirror"),
      async () => {
        try {
          return await sleepForever();
        } finally {
          await shield(() => sleep(20));
          order.push("loser ended");
        }
      },
    ]);
    order.push("any ended");
    expect(value).toBe("mirror");
    expect(order).toEqual(["loser ended", "any ended"]);
    t.expectElapsed(30);
  });

  everywhere("without a success any() rejects with all errors in the order of the tasks", async () => {
    const error = await rejection(any([failAt(20, "a"), failAt(5, "b"), Promise.reject(new Error("c"))]));
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors.map((e: Error) => e.message)).toEqual(["a", "b", "c"]);
  });

  everywhere("an empty list rejects with no errors, as Promise.any does", async () => {
    expect(await rejection(any([]))).toMatchObject({ name: "AggregateError", errors: [] });
    expect(await rejection(any(undefined as never))).toBeInstanceOf(TypeError);
  });

  everywhere("promises take part, and their late rejections are swallowed", async () => {
    const late = deferred<string>();
    expect(await any([late.promise, after(5, "function")])).toBe("function");
    // The run fails if this is an unhandled rejection.
    late.reject(new Error("late"));
    await sleep(1);
  });

  everywhere("a task that times out by itself has failed, and the others go on", async () => {
    const own = () => Cancellable.withTimeout(5).run(() => sleepForever());
    expect(await any([own, after(10, "other")])).toBe("other");
  });

  everywhere("a cancellation from outside passes through as itself, not inside the errors", async (t) => {
    expect(await moveOnAfter(10, () => any([() => sleepForever(), failAt(1, "x")]))).toBeUndefined();
    t.expectElapsed(10);
  });
});
