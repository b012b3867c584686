import { expect } from "vitest";
import {
  Cancellable,
  CancellationToken,
  ConditionSource,
  currentDeadline,
  shield,
  sleep,
  sleepForever,
  TimeoutSource,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("the timeout of an operation", (everywhere) => {
  everywhere(
    "a timeout is given in milliseconds or as a duration, and an error is no timeout (PAR-CAN-06)",
    async (t) => {
      for (const span of [10, { seconds: 0.01 }]) {
        const op = Cancellable.withTimeout(span);
        expect(await rejection(op.run(() => sleepForever()))).toMatchObject({
          reason: "timeout",
          timeoutMs: 10,
        });
        expect(op.context).toMatchObject({ status: "cancelled", cancelReason: "timeout" });
      }
      t.expectElapsed(20);
      const failure = new Error("body");
      const failed = Cancellable.withTimeout(60_000);
      expect(await rejection(failed.run(() => Promise.reject(failure)))).toBe(failure);
      expect(failed.context).toMatchObject({
        status: "failed",
        errorMessage: "body",
        cancelReason: undefined,
      });
    },
  );

  everywhere("a timeout cancels when a condition is too late (PAR-CAN-12)", async (t) => {
    let checks = 0;
    const op = Cancellable.withTimeout(20).addSource(
      new ConditionSource(() => ++checks >= 100, { interval: 5 }),
    );
    expect(await op.settle(() => sleepForever())).toMatchObject({ error: { reason: "timeout" } });
    t.expectElapsed(20);
    // On a busy machine further checks may come too late.
    if (t.backend.name === "virtual") expect(checks).toBe(4);
    expect(checks).toBeLessThan(100);
  });
});

describeEverywhere("several limits of one operation", (everywhere) => {
  everywhere(
    "the reason is that of the source that fires, whatever the other limits (PAR-CAN-41)",
    async () => {
      const token = new CancellationToken();
      token.cancel("signal", "earlier");
      const cases = [
        [new TimeoutSource(5), "timeout"],
        [new ConditionSource(() => true), "condition"],
      ] as const;
      for (const [source, reason] of cases) {
        const op = Cancellable.withTimeout(60_000).addSource(source);
        await op.settle(() => sleepForever());
        expect(op.context).toMatchObject({ status: "cancelled", cancelReason: reason });
        expect([source.triggered, op.context.metadata.cancelledBy]).toEqual([true, source.name]);
      }
      const op = Cancellable.withTimeout(60_000, { token }).addSource(new TimeoutSource(60_000));
      await op.settle(() => {});
      expect(op.context).toMatchObject({ cancelReason: "signal", cancelMessage: "earlier" });
    },
  );
});

describeEverywhere("a deadline after the end (rule 36)", (everywhere) => {
  everywhere(
    "an operation that was cancelled by hand keeps its reason when its timeout passes",
    async (t) => {
      const op = Cancellable.withTimeout(60_000, { metadata: { tenant: 7 } });
      const outcome = op.settle(async () => {
        try {
          await sleepForever();
        } finally {
          await shield(() => sleep(60));
        }
      });
      await sleep(5);
      op.deadline = t.backend.now() + 30;
      op.cancel("shutdown", "deploy");
      expect(await outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
      t.expectElapsed(65);
      expect(op.context).toMatchObject({ cancelReason: "shutdown", cancelMessage: "deploy" });
      expect(op.context.metadata).toEqual({ tenant: 7 });
    },
  );

  everywhere(
    "extend() of an operation without a deadline has no effect, before and after the start",
    async () => {
      const op = new Cancellable();
      expect(op.extend(5)).toBe(true);
      await op.run(() => {
        const none = Number.POSITIVE_INFINITY;
        expect([op.extend(5), op.deadline, currentDeadline()]).toEqual([true, none, none]);
      });
      expect(op.extend(5)).toBe(false);
    },
  );

  everywhere("an operation that was cancelled by its timeout names the timeout", async () => {
    const op = Cancellable.withTimeout(5);
    await op.settle(() => sleepForever());
    expect(op.context.metadata).toEqual({ cancelledBy: "timeout" });
  });

  everywhere("an operation that has completed does not expire during its callbacks", async (t) => {
    const op = Cancellable.withTimeout(20);
    const { signal, token } = op;
    const seen: unknown[] = [];
    op.onComplete(async () => {
      await sleep(30);
      seen.push(op.status, op.isCancelled, token.isCancelled, signal.aborted);
      op.check();
      seen.push("checked");
      await op.sleep(1);
      seen.push("slept");
    });
    expect(await op.run(() => 1)).toBe(1);
    t.expectElapsed(31);
    expect(seen).toEqual(["completed", false, false, false, "checked", "slept"]);
    expect([token.isCancelled, signal.aborted, op.context.cancelRequested]).toEqual([false, false, false]);
    expect(op.context.toJSON()).toMatchObject({ status: "completed", cancelReason: undefined });
  });

  everywhere("a cancellation after the end does not change the outcome", async () => {
    const op = new Cancellable();
    await op.run(() => 1);
    expect(op.cancel("shutdown")).toBe(false);
    op.token.cancel("shutdown");
    expect([op.isCancelled, op.status]).toEqual([false, "completed"]);
    expect(op.context).toMatchObject({ cancelRequested: false, cancelReason: undefined });
  });
});
