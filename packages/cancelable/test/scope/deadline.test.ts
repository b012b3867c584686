import { expect, vi } from "vitest";
import {
  Cancellable,
  CancelScope,
  currentDeadline,
  failAfter,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("the effective deadline (rule 14)", (everywhere) => {
  everywhere("the earliest deadline up to the next shield is effective (CONF-C14, CONF-C15)", async (t) => {
    const start = t.backend.now();
    expect(currentDeadline()).toBe(Number.POSITIVE_INFINITY);
    await moveOnAfter(60_000, async (outer) => {
      await moveOnAfter(300_000, async () => {
        expect(currentDeadline()).toBe(outer.deadline);
        await shield(() => expect(currentDeadline()).toBe(Number.POSITIVE_INFINITY));
        await shield((inner) => expect(currentDeadline()).toBe(inner.deadline), { timeout: 600_000 });
      });
      outer.cancel();
      expect(currentDeadline()).toBe(Number.NEGATIVE_INFINITY);
    });
    expect(t.backend.now() - start).toBeLessThan(60_000);
  });

  everywhere(
    "a change of the deadline re-arms the timer: earlier, later and into the past (CONF-C10, CONF-C11)",
    async (t) => {
      await moveOnAfter(5_000, async (scope) => {
        scope.deadline = t.backend.now() + 10;
        await sleepForever();
      });
      t.expectElapsed(10);
      await moveOnAfter(10, async (scope) => {
        scope.deadline = t.backend.now() + 30;
        await sleep(20);
      });
      t.expectElapsed(30);
      const scope = new CancelScope({ timeout: 1_000 });
      await scope.run(async () => {
        scope.deadline = t.backend.now() - 1;
        await sleep(1);
      });
      expect(scope.cancelledCaught).toBe(true);
    },
  );

  everywhere("an expired scope stays expired (CONF-C12)", async (t) => {
    const scope = new CancelScope({ timeout: 5 });
    await scope.run(async () => {
      await sleepForever().catch(() => {});
      scope.deadline = t.backend.now() + 1_000;
      await sleep(1);
    });
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere("a moved deadline is effective for the scopes below", async (t) => {
    await moveOnAfter(null, async (outer) => {
      await moveOnAfter(null, async () => {
        outer.deadline = t.backend.now() + 10_000;
        expect(currentDeadline()).toBe(outer.deadline);
        outer.deadline = t.backend.now() + 10;
        await sleepForever();
      });
    });
    t.expectElapsed(10);
  });
});

describeEverywhere("a scope's deadline", (everywhere) => {
  everywhere(
    "a relative deadline does not exist before the start; an absolute one does (CONF-C07)",
    async (t) => {
      const misuse = { code: "ERR_RELATIVE_DEADLINE" };
      const relative = new CancelScope({ timeout: 1_000 });
      expect(() => relative.deadline).toThrow(expect.objectContaining(misuse));
      expect(() => {
        relative.deadline = t.backend.now() + 5;
      }).toThrow(expect.objectContaining(misuse));
      // Between the times before and after it. Wall-clock times are whole milliseconds.
      const earliest = t.backend.now() + 999;
      const absolute = new CancelScope({ deadline: t.backend.epoch() + 1_000 });
      const at = t.backend.now() + 1_000;
      expect(absolute.deadline).toBeGreaterThanOrEqual(earliest);
      expect(absolute.deadline).toBeLessThanOrEqual(at + 1);
      absolute.deadline = at + 5;
      expect(absolute.deadline).toBe(at + 5);
      t.block(5);
      const start = t.backend.now();
      await relative.run(() => {
        // The refused assignments have changed nothing.
        expect(relative.deadline).toBeGreaterThanOrEqual(start + 1_000);
      });
    },
  );

  everywhere(
    "currentDeadline() and scope.deadline agree, however the deadline was set (CONF-C08)",
    async (t) => {
      const before = t.backend.now();
      await moveOnAfter(1_000, async (scope) => {
        expect(scope.deadline).toBeGreaterThanOrEqual(before + 1_000);
        expect(scope.deadline).toBeLessThanOrEqual(t.backend.now() + 1_000);
        expect(currentDeadline()).toBe(scope.deadline);
        for (const left of [500_000, 60_000]) {
          const at = t.backend.now() + left;
          scope.deadline = at;
          expect([scope.deadline, currentDeadline()]).toEqual([at, at]);
        }
        scope.deadline = t.backend.now() + 10;
        await sleepForever();
      });
      t.expectElapsed(10);
      expect(t.elapsed()).toBeLessThan(60_000);
    },
  );

  everywhere(
    "a deadline that has passed at the start makes the first checkpoint throw (CONF-C19)",
    async (t) => {
      const past = new Date(t.backend.epoch() - 1);
      const bodies = vi.fn();
      const late = vi.fn();
      const body = async (): Promise<void> => {
        bodies();
        await sleep(1);
        late();
      };
      const scope = new CancelScope({ deadline: past });
      await scope.run(body);
      expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, true]);
      expect(await moveOnAfter(0, body)).toBeUndefined();
      expect(await moveOnAfter(-5, body)).toBeUndefined();
      expect(await rejection(failAfter(0, body))).toMatchObject({ reason: "timeout" });
      // A plain scope starts its body, as a task of a group does; an operation does not.
      expect(bodies).toHaveBeenCalledTimes(4);
      expect(await rejection(Cancellable.withTimeout(0).run(body))).toMatchObject({ reason: "timeout" });
      expect(bodies).toHaveBeenCalledTimes(4);
      expect(late).not.toHaveBeenCalled();
    },
  );
});
