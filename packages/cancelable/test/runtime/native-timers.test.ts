import { mock } from "node:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Cancellable, getBackend, moveOnAfter, sleep, sleepForever, taskGroup } from "../../src/index.ts";

/** Lets microtasks and turns of the event loop pass. Neither is faked here. */
const turns = (): Promise<void> =>
  new Promise((resolve) => void realImmediate(() => realImmediate(() => resolve())));

const realImmediate = globalThis.setImmediate;

afterEach(() => {
  mock.timers.reset();
  vi.useRealTimers();
});

/** Two kinds of fake timers, and how to drive them. */
const fakes = [
  {
    name: "vitest's fake timers",
    enable: () => void vi.useFakeTimers(),
    tick: (ms: number) => vi.advanceTimersByTimeAsync(ms).then(turns),
  },
  {
    name: "vitest's fake timers, without the clock",
    enable: () => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }),
    tick: (ms: number) => vi.advanceTimersByTimeAsync(ms).then(turns),
  },
  {
    name: "node:test's mock timers",
    enable: () => mock.timers.enable({ apis: ["setTimeout", "Date"] }),
    tick: (ms: number) => {
      mock.timers.tick(ms);
      return turns();
    },
  },
];

describe.each(fakes)("the native backend on $name", ({ enable, tick }) => {
  test("a sleep takes as long as the fake time that passes, and no longer", async () => {
    enable();
    let woke = false;
    const sleeping = sleep(10_000).then(() => {
      woke = true;
    });
    await tick(9_000);
    expect(woke).toBe(false);
    await tick(1_000);
    expect(woke).toBe(true);
    await sleeping;
  });

  test("a timeout cancels when its fake time has passed", async () => {
    enable();
    const op = Cancellable.withTimeout({ minutes: 1 });
    const outcome = op.settle(() => sleepForever());
    await tick(59_000);
    expect(op.isCancelled).toBe(false);
    await tick(1_000);
    expect(op.isCancelled).toBe(true);
    expect(await outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
  });

  test("several sleeps end in order, each at its own time", async () => {
    enable();
    const order: string[] = [];
    const running = taskGroup((group) => {
      for (const [name, ms] of [
        ["c", 3_000],
        ["a", 1_000],
        ["b", 2_000],
      ] as const) {
        group.startSoon(async () => {
          await sleep(ms);
          order.push(name);
        });
      }
    });
    await turns();
    const seen: string[][] = [];
    for (let second = 0; second < 3; second++) {
      // A clock that is not faked goes on by itself between the sleeps: up to 1 ms is rounded up.
      await tick(1_001);
      seen.push([...order]);
    }
    expect(seen).toEqual([["a"], ["a", "b"], ["a", "b", "c"]]);
    await running;
  });

  test("a sleep longer than the host's longest timer ends on the exact tick", async () => {
    enable();
    let woke = false;
    const sleeping = sleep({ days: 30 }).then(() => {
      woke = true;
    });
    const day = 24 * 3_600_000;
    for (let passed = 0; passed < 29; passed++) await tick(day);
    expect(woke).toBe(false);
    await tick(day);
    await tick(day);
    expect(woke).toBe(true);
    await sleeping;
  });

  test("the backend's clock includes the fake time, also after the fake timers are gone", async () => {
    enable();
    const start = getBackend("native").now();
    const sleeping = sleep(5_000);
    await tick(5_000);
    await sleeping;
    expect(getBackend("native").now() - start).toBeGreaterThanOrEqual(5_000);
  });
});

describe("the native backend looks timers up at every use", () => {
  test("fake timers that come and go do not disturb real timers", async () => {
    await sleep(2);
    for (const { enable, tick } of fakes) {
      enable();
      const sleeping = sleep(60_000);
      await tick(60_000);
      await sleeping;
      mock.timers.reset();
      vi.useRealTimers();
      const start = performance.now();
      await sleep(10);
      expect(performance.now() - start).toBeGreaterThanOrEqual(9);
      expect(await moveOnAfter(5, () => sleepForever())).toBeUndefined();
    }
  });

  test("a timer is set and cleared with the timers of the moment", async () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const clear = vi.spyOn(globalThis, "clearTimeout");
    try {
      expect(await Cancellable.withTimeout(60_000).run(() => "quick")).toBe("quick");
      expect(set).toHaveBeenCalledTimes(1);
      expect(clear).toHaveBeenCalledTimes(1);
      expect(clear.mock.calls[0]?.[0]).toBe(set.mock.results[0]?.value);
    } finally {
      set.mockRestore();
      clear.mockRestore();
    }
  });

  test("no sleep and no timeout means no timer", async () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    try {
      await new Cancellable().run(() => sleep(0));
      await moveOnAfter(null, () => taskGroup((group) => void group.startSoon(() => sleep(0))));
      expect(set).not.toHaveBeenCalled();
    } finally {
      set.mockRestore();
    }
  });
});
