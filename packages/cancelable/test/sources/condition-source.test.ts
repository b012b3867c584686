import { expect, vi } from "vitest";
import { Cancellable, ConditionSource, sleep, sleepForever } from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("rule 20: sources report through a sink", (everywhere) => {
  everywhere(
    "a condition that throws is reported and goes on; it never cancels by accident (PAR-CND-02)",
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

describeEverywhere("rule 22: conditions", (everywhere) => {
  everywhere("the first check is immediate: true at once, and the body never starts", async () => {
    const body = vi.fn();
    const outcome = await Cancellable.withCondition(() => true).settle(body);
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "condition" } });
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("checks never overlap, sync or async (PAR-CAN-08)", async () => {
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

  everywhere(
    "an end does not wait for a check that is under way, whose result is ignored (BUG-41)",
    async () => {
      const check = deferred<boolean>();
      const op = Cancellable.withCondition(() => check.promise);
      await op.run(() => sleep(1));
      check.resolve(true);
      await sleep(1);
      expect(op.context).toMatchObject({ status: "completed", cancelRequested: false });
    },
  );

  everywhere("a function that returns a promise is async, however it was made (BUG-71)", async () => {
    const op = Cancellable.withCondition((() => Promise.resolve(false)).bind(null), { interval: 2 });
    await expect(op.run(() => sleep(10).then(() => "no"))).resolves.toBe("no");
  });
});

describeEverywhere("a source", (everywhere) => {
  everywhere("that asks a condition fires at the check that says so (PAR-CND-01)", async (t) => {
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

  everywhere("that asks a condition asks no more once it was stopped (PAR-CND-04)", async () => {
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

describeEverywhere("a check of a condition that is under way when its operation ends", (everywhere) => {
  everywhere("and is cancelled with it, is not reported as broken", async (t) => {
    let checking: Promise<never> | undefined;
    const op = Cancellable.withCondition(() => (checking = sleepForever()));
    const outcome = op.settle(() => sleepForever());
    op.cancel("shutdown");
    expect(await outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
    await rejection(checking as Promise<never>);
    expect(t.reported).toEqual([]);
  });

  everywhere("and fails afterwards, is not reported, nor repeated", async (t) => {
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

  everywhere("one that fails by itself is reported, and the next one follows", async (t) => {
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
