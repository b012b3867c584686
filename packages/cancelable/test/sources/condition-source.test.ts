import { expect, vi } from "vitest";
import { Cancellable, ConditionSource, sleep, sleepForever } from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("a condition that throws (rule 20)", (everywhere) => {
  everywhere(
    "the error is reported and the condition is checked again; nothing is cancelled (PAR-CND-02)",
    async (t) => {
      let calls = 0;
      const op = Cancellable.withCondition(
        () => {
          if (++calls < 4) throw new Error(`broken ${calls}`);
          return true;
        },
        { interval: 5 },
      );
      expect(await op.settle(() => sleepForever())).toMatchObject({
        status: "cancelled",
        error: { reason: "condition" },
      });
      expect(calls).toBe(4);
      expect(t.reported.splice(0)).toHaveLength(3);
    },
  );
});

describeEverywhere("a condition (rule 22)", (everywhere) => {
  everywhere("the first check is immediate: a true condition keeps the body from starting", async () => {
    const body = vi.fn();
    const outcome = await Cancellable.withCondition(() => true).settle(body);
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "condition" } });
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("checks never overlap, whether synchronous or asynchronous (PAR-CAN-08)", async () => {
    let running = 0;
    let most = 0;
    let checks = 0;
    const op = Cancellable.withCondition(
      async () => {
        most = Math.max(most, ++running);
        await sleep(7);
        running--;
        return ++checks === 3;
      },
      { interval: 2 },
    );
    await op.settle(() => sleepForever());
    expect([most, checks]).toEqual([1, 3]);
  });

  everywhere("the end does not wait for a running check, and its result is ignored", async () => {
    const check = deferred<boolean>();
    const op = Cancellable.withCondition(() => check.promise);
    await op.run(() => sleep(1));
    check.resolve(true);
    await sleep(1);
    expect(op.context).toMatchObject({ status: "completed", cancelRequested: false });
  });

  everywhere("a function that returns a promise is asynchronous, however it was created", async () => {
    const op = Cancellable.withCondition((() => Promise.resolve(false)).bind(null), { interval: 2 });
    await expect(op.run(() => sleep(10).then(() => "no"))).resolves.toBe("no");
  });
});

describeEverywhere("the checks of a condition", (everywhere) => {
  everywhere("the source fires at the first check that is true (PAR-CND-01)", async (t) => {
    for (const kind of ["sync", "async"]) {
      const from = t.elapsed();
      let checks = 0;
      const source = new ConditionSource(
        kind === "sync" ? () => ++checks === 3 : async () => sleep(0).then(() => ++checks === 3),
        { interval: 10 },
      );
      const outcome = await new Cancellable().addSource(source).settle(() => sleepForever());
      expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "condition" } });
      expect([kind, checks, source.triggered]).toEqual([kind, 3, true]);
      expect(t.elapsed() - from).toBeGreaterThanOrEqual(20);
    }
  });

  everywhere("a stopped source makes no further check (PAR-CND-04)", async () => {
    for (const during of ["a wait", "a check", "a broken check"]) {
      const gate = deferred<boolean>();
      let checks = 0;
      const op = Cancellable.withCondition(
        () => {
          checks++;
          return during === "a wait" ? false : gate.promise;
        },
        { interval: 5 },
      );
      await op.run(() => sleep(0));
      const before = checks;
      if (during === "a check") gate.resolve(true);
      if (during === "a broken check") gate.reject(new Error("nobody asked"));
      await sleep(20);
      expect([during, checks]).toEqual([during, before]);
      expect(op.context).toMatchObject({ status: "completed", cancelRequested: false });
    }
  });
});

describeEverywhere("a check that runs when its operation ends", (everywhere) => {
  everywhere("a check that is cancelled with the operation is not reported", async (t) => {
    let checking: Promise<never> | undefined;
    const op = Cancellable.withCondition(() => (checking = sleepForever()));
    const outcome = op.settle(() => sleepForever());
    op.cancel("shutdown");
    expect(await outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
    await rejection(checking as Promise<never>);
    expect(t.reported).toEqual([]);
  });

  everywhere("a check that fails after the end is neither reported nor repeated", async (t) => {
    const check = deferred<boolean>();
    let checks = 0;
    const op = Cancellable.withCondition(
      () => {
        checks++;
        return check.promise;
      },
      { interval: 1 },
    );
    await op.run(() => sleep(1));
    check.reject(new Error("late"));
    await rejection(check.promise);
    await sleep(5);
    expect([t.reported, checks]).toEqual([[], 1]);
  });

  everywhere("a check that fails during the operation is reported, and the next check follows", async (t) => {
    const failure = new Error("a check");
    let checks = 0;
    const op = Cancellable.withCondition(
      async () => {
        if (++checks === 1) throw failure;
        return true;
      },
      { interval: 10 },
    );
    expect(await op.settle(() => sleepForever())).toMatchObject({ error: { reason: "condition" } });
    t.expectElapsed(10);
    expect(t.reported.splice(0)).toEqual([failure]);
  });
});
