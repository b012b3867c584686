import { expect } from "vitest";
import { Cancellable, checkpoint, moveOnAfter, sleep, sleepForever, waitFor } from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere } from "../backends.ts";

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
