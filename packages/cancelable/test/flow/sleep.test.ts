import { describe, expect, test, vi } from "vitest";
import {
  CancelScope,
  moveOnAfter,
  run,
  sleep,
  sleepForever,
  sleepUntil,
  taskGroup,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

const realImmediate = globalThis.setImmediate;

describeEverywhere("sleep", (everywhere) => {
  everywhere("a span is milliseconds or a duration, whose parts add up", async (t) => {
    await sleep(5);
    await sleep({ seconds: 0.01, milliseconds: 5 });
    t.expectElapsed(20);
  });

  everywhere(
    "sleepers wake in the order of their times, equal times in order of arrival",
    async ({ backend }) => {
      const order: string[] = [];
      // A busy machine may pause between two tasks: the times count from here, and are exact in virtual time only.
      const begin = backend.now();
      await taskGroup((group) => {
        for (const [name, ms] of [
          ["c", 300],
          ["a1", 100],
          ["b", 200],
          ["a2", 100],
        ] as const) {
          group.startSoon(async () => {
            await sleep(begin + ms - backend.now());
            order.push(name);
          });
        }
      });
      if (backend instanceof VirtualBackend) expect(order).toEqual(["a1", "a2", "b", "c"]);
      else expect(order.map((name) => name[0])).toEqual(["a", "a", "b", "c"]);
    },
  );

  everywhere("null and Infinity sleep until cancelled, as sleepForever does (CONF-C20)", async (t) => {
    for (const endless of [() => sleep(null), () => sleep(Number.POSITIVE_INFINITY), () => sleepForever()]) {
      expect(await moveOnAfter(5, endless)).toBeUndefined();
    }
    t.expectElapsed(15);
  });

  everywhere("an invalid span is rejected with the name of the argument", async () => {
    expect(await rejection(sleep(Number.NaN))).toMatchObject({
      name: "RangeError",
      message: expect.stringContaining("span"),
    });
    for (const span of ["5", undefined, {}, { seconds: "1" }]) {
      expect(await rejection(sleep(span as never))).toBeInstanceOf(TypeError);
    }
    expect(await rejection(sleep({ months: 1, days: 1 } as never))).toBeInstanceOf(RangeError);
  });
});

describeEverywhere("sleepUntil", (everywhere) => {
  everywhere(
    "a Date or epoch milliseconds are accepted, and the sleeper never wakes too early",
    async (t) => {
      for (const form of ["date", "number"]) {
        const target = t.backend.epoch() + 20;
        await sleepUntil(form === "date" ? new Date(target) : target);
        expect(t.backend.epoch()).toBeGreaterThanOrEqual(target);
      }
    },
  );

  everywhere("a moment in the past is still a checkpoint (CONF-C20)", async (t) => {
    await sleepUntil(0);
    await sleepUntil(new Date(t.backend.epoch() - 1_000));
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      expect(await rejection(sleepUntil(0))).toBe(scope.error);
    });
  });

  test("a wall clock that is set forth past the moment ends the sleep within a minute", async () => {
    let set = 0;
    class SetClock extends VirtualBackend {
      override epoch(): number {
        return super.epoch() + set;
      }
    }
    const backend = new SetClock();
    Object.defineProperty(backend, "exactTimers", { value: false }); // as on real timers
    await run(
      async () => {
        const sleeping = sleepUntil(backend.epoch() + 8 * 3_600_000);
        await sleep(30_000);
        set = 9 * 3_600_000;
        await sleeping;
        expect(backend.now()).toBe(60_000);
      },
      { backend },
    );
  });

  everywhere("a cancellation ends the sleep", async (t) => {
    const target = t.backend.epoch() + 60_000;
    expect(await moveOnAfter(5, () => sleepUntil(target).then(() => "woke"))).toBeUndefined();
    t.expectElapsed(5);
  });

  everywhere("a sleep that outlives its scope ends with the scope above", async (t) => {
    const above = new CancelScope();
    await above.run(async () => {
      let sleeping: Promise<void> | undefined;
      await new CancelScope().run(() => {
        sleeping = sleepUntil(t.backend.epoch() + 60_000);
      });
      await sleep(1);
      above.cancel();
      expect(await rejection(sleeping as Promise<void>)).toBe(above.error);
    });
  });

  everywhere("an invalid moment is rejected with the name of the argument", async () => {
    expect(await rejection(sleepUntil(new Date("never")))).toMatchObject({
      name: "RangeError",
      message: expect.stringContaining("moment"),
    });
    expect(await rejection(sleepUntil(Number.NaN))).toBeInstanceOf(RangeError);
    expect(await rejection(sleepUntil("2030-01-01" as never))).toBeInstanceOf(TypeError);
  });
});

describe("sleepUntil and the wall clock", () => {
  test("the virtual wall clock begins at the given moment", async () => {
    const backend = new VirtualBackend({ epoch: new Date("2026-03-01T00:00:00Z") });
    await run(() => sleepUntil(new Date("2026-03-02T00:00:00Z")), { backend });
    expect(backend.now()).toBe(86_400_000);
    expect(new Date(backend.epoch()).toISOString()).toBe("2026-03-02T00:00:00.000Z");
  });

  test("a wall clock that is set back makes the sleep longer", async () => {
    vi.useFakeTimers();
    try {
      const start = Date.now();
      let woke = false;
      const sleeping = sleepUntil(start + 100).then(() => {
        woke = true;
      });
      await vi.advanceTimersByTimeAsync(50);
      vi.setSystemTime(start);
      await vi.advanceTimersByTimeAsync(60);
      // The sleeper would wake in a turn of the real event loop.
      for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => void realImmediate(resolve));
      expect(woke).toBe(false);
      await vi.advanceTimersByTimeAsync(60);
      await sleeping;
      expect(Date.now() - start).toBe(120);
    } finally {
      vi.useRealTimers();
    }
  });
});
