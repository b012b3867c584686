import { expect } from "vitest";
import { Cancellable, CancellationToken, sleep, sleepForever } from "../src/index.ts";
import { describeEverywhere } from "./backends.ts";
import { expectUsageError, thrown } from "./refusals.ts";

/** An operation that has ended. */
async function ended(name: string): Promise<Cancellable> {
  const op = new Cancellable({ name });
  await op.run(() => "value");
  return op;
}

describeEverywhere("combine (rule 21)", (everywhere) => {
  everywhere("the earliest timeout wins, whatever the order of the parts (PAR-CAN-10)", async (t) => {
    await Cancellable.withTimeout(10)
      .combine(Cancellable.withTimeout(60_000))
      .settle(() => sleepForever());
    t.expectElapsed(10);
    await Cancellable.withTimeout(60_000)
      .combine(Cancellable.withTimeout(10))
      .settle(() => sleepForever());
    t.expectElapsed(20);
    expect(t.elapsed()).toBeLessThan(60_000);
  });

  everywhere(
    "any part cancels the whole with the part's reason, and the callbacks of all parts are called (PAR-CAN-11)",
    async () => {
      const events: string[] = [];
      const token = new CancellationToken();
      const part = Cancellable.withToken(token, { metadata: { a: 1 } }).onCancel(
        () => void events.push("part"),
      );
      const whole = new Cancellable({ name: "whole", metadata: { b: 2 } }).combine(
        Cancellable.withTimeout(60_000),
        Cancellable.withTimeout(2_000).combine(part),
      );
      const ended = whole.settle(() => sleepForever());
      token.cancel("shutdown", "bye");
      expect(await ended).toMatchObject({ error: { reason: "shutdown", message: "bye" } });
      expect(events).toEqual(["part"]);
      expect(whole.context).toMatchObject({ name: "whole", metadata: { a: 1, b: 2 } });
      const second = new Cancellable();
      const both = second.combine(new Cancellable());
      const result = both.settle(() => sleepForever());
      second.cancel("disconnect");
      expect(await result).toMatchObject({ error: { reason: "disconnect" } });
    },
  );
});

describeEverywhere("the parent of combined operations (rule 24)", (everywhere) => {
  everywhere("no part stays in the parent, however the combination ended", async () => {
    const parent = new Cancellable();
    await parent.run(async () => {
      for (let i = 0; i < 100; i++)
        await new Cancellable({ parent })
          .combine(new Cancellable(), new Cancellable({ parent }))
          .run(() => 1);
      expect(parent.children).toEqual([]);
      const combined = (): Cancellable =>
        new Cancellable({ parent }).combine(Cancellable.withTimeout(5, { parent }));
      await combined().settle(() => sleepForever());
      await combined().settle(() => Promise.reject(new Error("failed")));
      await Cancellable.anyOf(new Cancellable({ parent })).run(() => 1);
      await Cancellable.allOf(new Cancellable({ parent })).run(() => 1);
      expect(parent.children).toEqual([]);
    });
  });

  everywhere("a part that runs by itself stays in the parent until it ends", async () => {
    const parent = new Cancellable();
    await parent.run(async () => {
      const part = new Cancellable({ parent });
      const running = part.run(() => sleep(20).then(() => "value"));
      await part.combine(new Cancellable()).run(() => 1);
      expect(parent.children).toEqual([part]);
      expect(await running).toBe("value");
      expect(parent.children).toEqual([]);
    });
  });
});

describeEverywhere("combine with an ended operation (rule 34)", (everywhere) => {
  everywhere("an ended operation is refused as a part, because nothing could cancel it", async () => {
    const over = await ended("over");
    const text = /^operation "over" has already ended\. Create a new one\.$/;
    const fresh = new Cancellable();
    expectUsageError(
      thrown(() => fresh.combine(over)),
      "ERR_ENDED",
      text,
    );
    expectUsageError(
      thrown(() => over.combine(fresh)),
      "ERR_ENDED",
      text,
    );
    expectUsageError(
      thrown(() => fresh.combine(new Cancellable(), over)),
      "ERR_ENDED",
      text,
    );
    expectUsageError(
      thrown(() => Cancellable.anyOf(over)),
      "ERR_ENDED",
      text,
    );
    expectUsageError(
      thrown(() => Cancellable.allOf(fresh, over)),
      "ERR_ENDED",
      text,
    );
    await expect(fresh.run(() => "unharmed")).resolves.toBe("unharmed");
  });

  everywhere("a refused combination leaves no child in the parent", async () => {
    const over = await ended("over");
    const parent = new Cancellable();
    const child = new Cancellable({ parent });
    thrown(() => child.combine(over));
    expect(parent.children).toEqual([child]);
  });
});
