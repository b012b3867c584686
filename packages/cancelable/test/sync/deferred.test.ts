import { expect } from "vitest";
import { CancelScope, Deferred, DeferredCancelledError, sleep, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until } from "../until.ts";

describeEverywhere("Deferred", (everywhere) => {
  everywhere("every waiter gets the value, also a later one (CONF-H04, CONF-H05)", async () => {
    const answer = new Deferred<number>();
    const got: string[] = [];
    await taskGroup(async (group) => {
      const waiter = (name: string) =>
        group.startSoon(async () => void got.push(`${name} ${await answer.wait()}`));
      waiter("first");
      const dying = waiter("second");
      waiter("third");
      await until(() => answer.waiting === 3);
      dying.cancel();
      expect([answer.waiting, answer.isSettled]).toEqual([2, false]);
      answer.resolve(42);
    });
    expect(got).toEqual(["first 42", "third 42"]);
    expect([await answer.wait(), answer.isSettled, answer.waiting]).toEqual([42, true, 0]);
    const nothing = new Deferred<undefined>();
    nothing.resolve(undefined);
    expect(await nothing.wait()).toBe(undefined);
  });

  everywhere(
    "every waiter gets the error, and an error without a waiter causes no unhandled rejection",
    async () => {
      const answer = new Deferred<number>();
      const error = new Error("not today");
      await taskGroup(async (group) => {
        const heard = [1, 2].map(() => group.startSoon(() => rejection(answer.wait())));
        await until(() => answer.waiting === 2);
        answer.reject(error);
        for (const one of heard) expect(await one).toBe(error);
      });
      expect(await rejection(answer.wait())).toBe(error);
      new Deferred().reject(new Error("the run fails if this is an unhandled rejection"));
      await sleep(1);
    },
  );

  everywhere("a second settlement returns false and changes nothing (CONF-H04, SYNC-25)", async () => {
    for (const settle of [
      (one: Deferred<number>) => one.resolve(1),
      (one: Deferred<number>) => one.reject("1"),
      (one: Deferred<number>) => one.cancel(),
    ]) {
      const answer = new Deferred<number>();
      expect(settle(answer)).toBe(true);
      const before = await Promise.allSettled([answer.wait(), answer.promise]);
      expect([answer.resolve(2), answer.reject("2"), answer.cancel()]).toEqual([false, false, false]);
      expect(await Promise.allSettled([answer.wait(), answer.promise])).toEqual(before);
    }
  });

  everywhere("cancel() fails the waiters, and does nothing after a settlement (CONF-H04)", async () => {
    const answer = new Deferred<number>();
    await taskGroup(async (group) => {
      const heard = group.startSoon(() => rejection(answer.wait()));
      await until(() => answer.waiting === 1);
      expect(answer.cancel("the server has gone")).toBe(true);
      expect(await heard).toMatchObject({ name: "DeferredCancelledError", message: "the server has gone" });
    });
    expect(await rejection(answer.wait())).toBeInstanceOf(DeferredCancelledError);
    expect(answer.cancel()).toBe(false);
    const settled = new Deferred<number>();
    settled.resolve(1);
    expect([settled.cancel(), await settled.wait()]).toEqual([false, 1]);
    expect(() => answer.cancel(5 as unknown as string)).toThrow(/^message must be a string/);
  });

  everywhere(
    "promise is one promise, made when it is read, that no cancellation ends (SYNC-25)",
    async () => {
      const [early, late] = [new Deferred<number>(), new Deferred<number>()];
      const scope = new CancelScope();
      const [promise, wait] = [early.promise, rejection(early.wait({ scope }))];
      expect([early.promise === promise, early.waiting]).toEqual([true, 1]);
      scope.cancel();
      expect(await wait).toBe(scope.error);
      early.rejectWaiters(new Error("for waiters only"));
      early.resolve(1);
      late.reject("late");
      expect([await promise, await rejection(late.promise)]).toEqual([1, "late"]);
    },
  );

  everywhere("the wait is a checkpoint, also for a settled value", async () => {
    const answer = new Deferred<number>();
    answer.resolve(1);
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel("shutdown");
      expect(await rejection(answer.wait())).toMatchObject({ reason: "shutdown" });
    });
  });
});
