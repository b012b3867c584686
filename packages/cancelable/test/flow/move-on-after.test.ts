import { expect } from "vitest";
import { Cancellable, CancelScope, moveOnAfter, sleepForever } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("moveOnAfter absorbs only its own expiry (rule 5)", (everywhere) => {
  everywhere("its own expiry gives undefined", async (t) => {
    expect(await moveOnAfter(10, () => sleepForever())).toBeUndefined();
    t.expectElapsed(10);
  });

  everywhere("an outer cancellation passes through", async () => {
    const op = Cancellable.withTimeout(10);
    let after = false;
    const outcome = await op.settle(async () => {
      await moveOnAfter(1_000, () => sleepForever());
      after = true;
    });
    expect(outcome.status).toBe("cancelled");
    expect(after).toBe(false);
  });

  everywhere(
    "a shorter outer timeout absorbs, and the inner scope was neither called nor caught (CONF-C16)",
    async () => {
      let inner: CancelScope | undefined;
      let after = false;
      const result = await moveOnAfter(10, async () => {
        await moveOnAfter(1_000, (scope) => {
          inner = scope;
          return sleepForever();
        });
        after = true;
      });
      expect(result).toBeUndefined();
      expect(after).toBe(false);
      expect([inner?.cancelCalled, inner?.cancelledCaught]).toEqual([false, false]);
    },
  );

  everywhere("an ordinary error passes through an expired scope", async () => {
    const error = await rejection(
      moveOnAfter(5, async () => {
        await sleepForever().catch(() => {});
        throw new RangeError("clean-up broke");
      }),
    );
    expect(error).toBeInstanceOf(RangeError);
  });
});
