import { expect } from "vitest";
import { Cancellable, moveOnAfter, sleep, sleepForever, TimeoutSource } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("TimeoutSource", (everywhere) => {
  everywhere("0 and less have expired, and NaN is refused (PAR-TIM-02)", async () => {
    for (const span of [0, -5]) {
      expect(await new Cancellable().addSource(new TimeoutSource(span)).settle(() => "ran")).toMatchObject({
        status: "cancelled",
        error: { reason: "timeout" },
      });
    }
    expect(() => new TimeoutSource(Number.NaN)).toThrow(RangeError);
    expect(() => new TimeoutSource("5" as never)).toThrow(TypeError);
  });

  everywhere(
    "the source fires when its time is over, and the operation is cancelled (PAR-TIM-03)",
    async (t) => {
      const op = new Cancellable().addSource(new TimeoutSource(20));
      const outcome = await op.settle(() => sleepForever());
      t.expectElapsed(20);
      expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout", timeoutMs: 20 } });
      expect([op.isCancelled, op.cancelledCaught]).toEqual([true, true]);
    },
  );

  everywhere("a stopped source does not cancel anything later (PAR-TIM-04)", async (t) => {
    const source = new TimeoutSource(15);
    const op = new Cancellable().addSource(source);
    await op.run(() => sleep(1));
    expect(await moveOnAfter(60_000, () => sleep(30).then(() => "undisturbed"))).toBe("undisturbed");
    t.expectElapsed(31);
    expect([source.triggered, op.context.cancelRequested]).toEqual([false, false]);
  });
});
