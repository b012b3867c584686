import { mock } from "node:test";
import { afterEach, expect, test, vi } from "vitest";
import { Cancellable, checkpoint, moveOnAfter, sleep, sleepForever, waitFor } from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere } from "../backends.ts";

afterEach(() => {
  mock.timers.reset();
  vi.useRealTimers();
});

describeEverywhere("clocks and timers (rule 25)", (everywhere) => {
  everywhere("after blocking work the next checkpoint notices the deadline (CONF-A06)", async (t) => {
    const op = Cancellable.withTimeout(10);
    const outcome = await op.settle(async () => {
      t.block(20);
      expect(() => op.check()).toThrow("timed out");
      expect(op.isCancelled).toBe(true);
      await checkpoint();
    });
    expect(outcome.status).toBe("cancelled");
    expect(
      await moveOnAfter(10, async () => {
        t.block(20);
        await waitFor(() => expect.fail("the function must not be called"));
      }),
    ).toBeUndefined();
  });

  everywhere("a sleep is never shorter than requested (CONF-C21)", async (t) => {
    for (const span of [1, 1.5, 2, 3.25]) {
      const start = t.backend.now();
      await sleep(span);
      expect(t.backend.now() - start).toBeGreaterThanOrEqual(span);
    }
  });

  everywhere("spans above 2^31-1 ms do not fire at once (CONF-C05)", async (t) => {
    const result = await moveOnAfter({ weeks: 10 }, () => sleep(10).then(() => "in time"));
    expect(result).toBe("in time");
    if (t.backend instanceof VirtualBackend) {
      expect(await moveOnAfter({ weeks: 10 }, () => sleepForever())).toBeUndefined();
      t.expectElapsed(10 + 10 * 604_800_000);
    }
  });
});

test("a timer that fires early is set again, and a long span is split (rule 25)", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  try {
    const set = vi.spyOn(globalThis, "setTimeout");
    const done = vi.fn();
    const sleeping = sleep({ days: 60 }).then(done);
    expect(set.mock.calls[0]?.[1]).toBe(2 ** 31 - 1);
    await vi.advanceTimersByTimeAsync(60 * 86_400_000 - 1);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalledOnce();
    await sleeping;
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("fake timers without a fake clock drive the clock too, as those of node:test do", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const op = Cancellable.withTimeout(30_000);
    const ended = op.settle(() => sleepForever());
    await vi.advanceTimersByTimeAsync(29_999);
    expect(op.isCancelled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toMatchObject({ status: "cancelled" });
    await moveOnAfter(1_000, () => {});
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
  expect(await moveOnAfter(5, () => sleepForever())).toBeUndefined();
});
