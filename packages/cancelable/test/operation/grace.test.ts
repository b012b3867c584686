import { expect } from "vitest";
import { Cancellable, shield, sleep, sleepForever, TimeoutSource } from "../../src/index.ts";
import { deferred, describeEverywhere } from "../backends.ts";

describeEverywhere("the wait for a cancelled body (rule 2)", (everywhere) => {
  everywhere("the operation settles after the body's clean-up", async () => {
    const order: string[] = [];
    const op = new Cancellable();
    const outcome = op.settle(async () => {
      try {
        await sleepForever();
      } finally {
        await op.shield(() => sleep(20));
        order.push("cleaned");
      }
    });
    op.cancel();
    await outcome;
    order.push("settled");
    expect(order).toEqual(["cleaned", "settled"]);
  });

  everywhere("after the grace the operation settles, and the outcome has abandoned: true", async (t) => {
    const foreign = deferred();
    const op = new Cancellable({ grace: 20 });
    const outcome = await op.settle(() => {
      op.addSource(new TimeoutSource(20));
      return foreign.promise;
    });
    expect(outcome).toMatchObject({ status: "cancelled", abandoned: true, error: { reason: "timeout" } });
    t.expectElapsed(40);
    // The run fails if this is an unhandled rejection.
    foreign.reject(new Error("late"));
    await sleep(1);
  });

  everywhere("a body that ends within the grace was not abandoned", async () => {
    const outcome = await Cancellable.withTimeout(10, { grace: 1_000 }).settle(() => sleepForever());
    expect(outcome.status).toBe("cancelled");
    expect(outcome).not.toHaveProperty("abandoned");
  });
});

describeEverywhere("the grace and the children (rule 2)", (everywhere) => {
  const cancelledAfter5 = async (child: () => Promise<void>, grace: number): Promise<unknown> => {
    const op = new Cancellable({ grace });
    const outcome = op.settle(async () => {
      void new Cancellable().settle(child);
      await op.sleep(60_000);
    });
    await sleep(5);
    op.cancel();
    return outcome;
  };

  everywhere("a child that does not end within the grace is abandoned", async (t) => {
    const foreign = deferred();
    expect(await cancelledAfter5(() => foreign.promise, 20)).toMatchObject({
      status: "cancelled",
      abandoned: true,
    });
    t.expectElapsed(25);
    foreign.resolve();
  });

  everywhere("a child that ends within the grace is waited for", async (t) => {
    let ended = false;
    const child = (): Promise<void> => shield(() => sleep(15).then(() => void (ended = true)));
    const outcome = await cancelledAfter5(child, 60_000);
    expect(ended).toBe(true);
    t.expectElapsed(15);
    expect(outcome).toMatchObject({ status: "cancelled" });
    expect(outcome).not.toHaveProperty("abandoned");
  });
});
