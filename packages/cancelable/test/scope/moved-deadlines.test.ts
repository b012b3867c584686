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
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("a deadline that moves", (everywhere) => {
  everywhere("sleepers wake in order after a deadline before them was removed from the queue", async (t) => {
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
    // Each sleep counts from its own start.
    const haveStartedTogether = t.elapsed() < 10;
    await Promise.all(sleepers);
    await connected;
    if (!haveStartedTogether) woken.sort((a, b) => a - b);
    expect(woken).toEqual([5, 30, 40, 60, 70, 80, 90]);
    expect(scope.cancelCalled).toBe(false);
  });

  everywhere("scopes whose deadlines move many times expire at the newest deadline", async (t) => {
    const count = 60;
    // Late enough for all scopes to be entered, and for all deadlines to be set, before the first one is due.
    const hour = 3_600_000;
    const first = 300;
    const expired: number[] = [];
    const start = t.backend.now();
    // A fixed permutation of 0 … 59 for every round, so that no two deadlines are equal.
    const place = (i: number, round: number): number => (i * [7, 11, 13, 17][round]! + 5 * round) % count;
    const scopes = Array.from({ length: count }, (_, i) =>
      Object.assign(new CancelScope(), { deadline: start + hour + place(i, 0) }),
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
        scope.deadline = start + (round === 3 ? first : hour) + place(i, round);
      });
    await Promise.all(ended);
    expect(expired).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  everywhere("a deadline that moves while another scope expires stays in force", async (t) => {
    const late = new CancelScope({ timeout: 60_000 });
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

  everywhere("the scopes below inherit a moved deadline, down to the next shield", async (t) => {
    const scope = new CancelScope({ timeout: 60_000 });
    await scope.run(async () => {
      let inner = 0;
      const hasMoved = deferred();
      const below = moveOnAfter(60_000, async () => {
        await hasMoved.promise;
        inner = currentDeadline();
        await sleepForever();
      });
      const kept = shield(async () => {
        await sleep(30);
        return currentDeadline();
      });
      const moved = t.backend.now() + 300;
      scope.deadline = moved;
      hasMoved.resolve();
      await rejection(below);
      t.expectElapsed(300);
      expect(inner).toBe(moved);
      expect(await kept).toBe(Number.POSITIVE_INFINITY);
      await sleepForever();
    });
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere("a moved deadline uses the current timers when the host's timers were replaced", async (t) => {
    const original = globalThis.setTimeout;
    const scope = new CancelScope({ timeout: 60_000 });
    try {
      await scope.run(async () => {
        // Started later and due later: the scope's own entry is not the last of its queue.
        const behind = rejection(sleep(70_000));
        globalThis.setTimeout = ((...args: Parameters<typeof original>) =>
          original(...args)) as typeof original;
        scope.deadline = t.backend.now() + 20;
        await sleep(10_000);
        await behind;
      });
    } finally {
      globalThis.setTimeout = original;
    }
    t.expectElapsed(20);
    // A scope that loses its deadline ends with the sleep of 10 s and has caught nothing.
    expect(scope.cancelledCaught).toBe(true);
  });
});

describeEverywhere("deadlines below a cancellation with propagate: false", (everywhere) => {
  everywhere("a check below an expired and cancelled operation notices its own deadline", async (t) => {
    const above = Cancellable.withTimeout(400);
    const below = Cancellable.withTimeout(500);
    const outcome = await above.settle(async () => {
      const running = below.settle(async () => {
        await sleep(5);
        t.block(700);
        below.check();
        return "passed its deadline";
      });
      above.cancel("manual", "not you", { propagate: false });
      return running;
    });
    expect(outcome).toMatchObject({
      status: "completed",
      value: { status: "cancelled", error: { reason: "timeout", timeoutMs: 500 } },
    });
    expect(above.context.cancelMessage).toBe("not you");
  });

  everywhere("the earliest of several passed deadlines cancels", async (t) => {
    // Far apart, because a machine can stall between the two.
    const outer = Cancellable.withTimeout(600);
    const inner = Cancellable.withTimeout(300);
    const outcome = await outer.settle(async () => {
      const inside = await inner.settle(async () => {
        t.block(700);
        inner.check();
      });
      return [inside.status, inner.context.cancelReason, inner.context.metadata.cancelledBy];
    });
    expect(outcome).toEqual({ status: "completed", value: ["cancelled", "timeout", "timeout"] });
  });
});
