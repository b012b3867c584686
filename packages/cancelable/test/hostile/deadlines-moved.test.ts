import { expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  currentDeadline,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("a deadline that is moved disturbs no other one", (everywhere) => {
  everywhere("sleepers below a deadline that was taken back in the queue wake in order", async (t) => {
    const woken: number[] = [];
    const sleepers: Promise<void>[] = [];
    const wakeAt = (ms: number): void => {
      sleepers.push(
        sleep(ms).then(() => {
          t.expectElapsed(ms);
          woken.push(ms);
        }),
      );
    };
    wakeAt(5);
    const scope = new CancelScope({ timeout: 20 });
    const connected = scope.run(() => sleep(100));
    for (const ms of [60, 30, 40, 70, 80, 90]) wakeAt(ms);
    scope.deadline = Number.POSITIVE_INFINITY;
    await Promise.all(sleepers);
    await connected;
    expect(woken).toEqual([5, 30, 40, 60, 70, 80, 90]);
    expect(scope.cancelCalled).toBe(false);
  });

  everywhere(
    "scopes whose deadlines are moved earlier and later again and again expire by the newest one",
    async (t) => {
      const count = 60;
      // Long enough for all of them to be set and moved before the first one is due.
      const first = 300;
      const expired: number[] = [];
      const start = t.backend.now();
      // A fixed permutation of 0 … 59 for every round, so that no two deadlines are equal.
      const place = (i: number, round: number): number => (i * [7, 11, 13, 17][round]! + 5 * round) % count;
      const scopes = Array.from(
        { length: count },
        (_, i) => new CancelScope({ deadline: start + first + place(i, 0) }),
      );
      const ended = scopes.map((scope, i) =>
        scope
          .run(() => sleepForever())
          .then(() => {
            t.expectElapsed(first + place(i, 3));
            expired.push(place(i, 3));
          }),
      );
      for (const round of [1, 2, 3])
        scopes.forEach((scope, i) => {
          scope.deadline = Number.POSITIVE_INFINITY;
          scope.deadline = start + first + place(i, round);
        });
      await Promise.all(ended);
      expect(expired).toEqual(Array.from({ length: count }, (_, i) => i));
    },
  );

  everywhere("a deadline that is moved from inside an expiring scope is kept as well", async (t) => {
    const late = new CancelScope({ timeout: 1_000 });
    const other = late.run(() => sleepForever());
    await moveOnAfter(5, async () => {
      try {
        await sleepForever();
      } finally {
        late.deadline = t.backend.now() + 10;
      }
    });
    await other;
    t.expectElapsed(15);
    expect(late.cancelledCaught).toBe(true);
  });

  everywhere("it is what the scopes below inherit, on the way down to a shield", async (t) => {
    const scope = new CancelScope({ timeout: 1_000 });
    await scope.run(async () => {
      let inner = 0;
      const below = moveOnAfter(500, async () => {
        await sleep(5);
        inner = currentDeadline();
        await sleepForever();
      });
      const kept = shield(async () => {
        await sleep(30);
        return currentDeadline();
      });
      const moved = t.backend.now() + 20;
      scope.deadline = moved;
      await rejection(below);
      t.expectElapsed(20);
      expect(inner).toBe(moved);
      expect(await kept).toBe(Number.POSITIVE_INFINITY);
      await sleepForever();
    });
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere("it holds on the timers of now when the host's were replaced meanwhile", async (t) => {
    const original = globalThis.setTimeout;
    const scope = new CancelScope({ timeout: 60_000 });
    try {
      await scope.run(async () => {
        // Entered later, and later due: the scope's own entry is not the last of its queue.
        const behind = rejection(sleep(70_000));
        globalThis.setTimeout = ((...args: Parameters<typeof original>) =>
          original(...args)) as typeof original;
        scope.deadline = t.backend.now() + 20;
        await sleep(2_000);
        await behind;
      });
    } finally {
      globalThis.setTimeout = original;
    }
    t.expectElapsed(20);
    // A scope whose deadline is lost ends with the sleep of 2 s, and has caught nothing.
    expect(scope.cancelledCaught).toBe(true);
  });
});

describeEverywhere("a deadline that comes too late changes nothing", (everywhere) => {
  everywhere(
    "an operation that was cancelled by hand does not say later that its timeout did it",
    async (t) => {
      const op = Cancellable.withTimeout(30, { metadata: { tenant: 7 } });
      const outcome = op.settle(async () => {
        try {
          await sleepForever();
        } finally {
          await shield(() => sleep(60));
        }
      });
      await sleep(5);
      op.cancel("shutdown", "deploy");
      expect(await outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
      t.expectElapsed(65);
      expect(op.context).toMatchObject({ cancelReason: "shutdown", cancelMessage: "deploy" });
      expect(op.context.metadata).toEqual({ tenant: 7 });
    },
  );

  everywhere("the one whose timeout did cancel it says so", async () => {
    const op = Cancellable.withTimeout(5);
    await op.settle(() => sleepForever());
    expect(op.context.metadata).toEqual({ cancelledBy: "timeout" });
  });

  everywhere("an operation that has completed does not expire while its callbacks run", async (t) => {
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

  everywhere("what is asked of an operation after its end does not change how it ended", async () => {
    const op = new Cancellable();
    await op.run(() => 1);
    expect(op.cancel("shutdown")).toBe(false);
    op.token.cancel("shutdown");
    expect([op.isCancelled, op.status]).toEqual([false, false, "completed"]);
    expect(op.context).toMatchObject({ cancelRequested: false, cancelReason: undefined });
  });
});

describeEverywhere("a cancellation that was withheld leaves the deadlines below in force", (everywhere) => {
  everywhere("a check notices its own deadline below an expired and cancelled operation", async (t) => {
    const above = Cancellable.withTimeout(20);
    const below = Cancellable.withTimeout(40);
    const outcome = await above.settle(async () => {
      const running = below.settle(async () => {
        await sleep(5);
        t.block(60);
        below.check();
        return "passed its deadline";
      });
      above.cancel("manual", "not you", { propagate: false });
      return running;
    });
    expect(outcome).toMatchObject({
      status: "completed",
      value: { status: "cancelled", error: { reason: "timeout", timeoutMs: 40 } },
    });
    expect(above.context.cancelMessage).toBe("not you");
  });

  everywhere("the earliest of several that have passed is the one that cancels", async (t) => {
    const outer = Cancellable.withTimeout(30);
    const inner = Cancellable.withTimeout(20);
    const outcome = await outer.settle(async () => {
      const inside = await inner.settle(async () => {
        t.block(60);
        inner.check();
      });
      return [inside.status, inner.context.cancelReason, inner.context.metadata.cancelledBy];
    });
    expect(outcome).toEqual({ status: "completed", value: ["cancelled", "timeout", "timeout"] });
  });
});
