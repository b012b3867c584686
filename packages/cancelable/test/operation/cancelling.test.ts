import { expect } from "vitest";
import { Cancellable, CancelScope, sleep, sleepForever, waitFor } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("cancel() (rule 7)", (everywhere) => {
  everywhere(
    "when cancel() returns, everything below is cancelled and every sleeper was rejected",
    async () => {
      const outer = new Cancellable();
      let rejected = false;
      const running = outer.settle(async () => {
        const inner = new Cancellable();
        await inner.settle(async () => {
          const scope = new CancelScope();
          await scope.run(async () => {
            const { signal } = scope;
            const sleeping = sleepForever().catch(() => {
              rejected = true;
            });
            expect(outer.cancel("shutdown", "now")).toBe(true);
            expect([outer, inner].map((op) => op.token.isCancelled)).toEqual([true, true]);
            expect([outer.signal, inner.signal, signal].map((s) => s.aborted)).toEqual([true, true, true]);
            expect(scope.isCancelled).toBe(true);
            await sleeping;
          });
        });
      });
      await running;
      expect(rejected).toBe(true);
    },
  );

  everywhere("later calls return false and change nothing (CONF-B02, CONF-B29)", async () => {
    const op = new Cancellable();
    await op.settle(() => {
      expect(op.cancel("shutdown", "first")).toBe(true);
      expect(op.cancel("manual", "second")).toBe(false);
    });
    expect(op.cancel("manual", "third")).toBe(false);
    expect(op.context).toMatchObject({ cancelReason: "shutdown", cancelMessage: "first" });
  });

  everywhere("every waiter, check() and the signal have the same error object", async () => {
    const op = new Cancellable();
    const seen: unknown[] = [];
    const outcome = await op.settle(async () => {
      const waits = [sleepForever(), waitFor(new Promise(() => {})), op.sleep(1_000)];
      op.cancel();
      for (const wait of waits) seen.push(await rejection(wait));
      seen.push(op.signal.reason, op.token.error);
      op.check();
    });
    expect(outcome.status).toBe("cancelled");
    if (outcome.status === "cancelled") for (const error of seen) expect(error).toBe(outcome.error);
  });
});
