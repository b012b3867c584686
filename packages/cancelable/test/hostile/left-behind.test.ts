import { getEventListeners } from "node:events";
import { expect, vi } from "vitest";
import { Cancellable, CancellationToken, sleep, sleepForever } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { thrown, wrong } from "../refusals.ts";

describeEverywhere("nothing is left in a parent", (everywhere) => {
  everywhere("of an operation that could not be made", async () => {
    const parent = new Cancellable();
    await parent.run(() => {
      const wrongCalls: Array<() => unknown> = [
        () => Cancellable.withTimeout(Number.NaN, { parent }),
        () => Cancellable.withTimeout(wrong("soon"), { parent }),
        () => Cancellable.withCondition(wrong("no function"), { parent }),
        () => Cancellable.withCondition(() => true, { parent, interval: 0 }),
        () => Cancellable.withToken(wrong({}), { parent }),
        () => Cancellable.withAbortSignal(wrong({}), { parent }),
        () => Cancellable.withDeadline(wrong("x"), { parent }),
        () => Cancellable.withResources({}, { parent }),
        () => Cancellable.withResources({ memory: 500 }, { parent }),
        () => new Cancellable({ parent, id: wrong(1) }),
        () => new Cancellable({ parent, name: wrong(1) }),
        () => new Cancellable({ parent, metadata: wrong([]) }),
        () => new Cancellable({ parent, token: wrong({}) }),
        () => new Cancellable({ parent, grace: Number.NaN }),
      ];
      for (const call of wrongCalls) {
        thrown(call);
        expect([call.toString(), parent.children]).toEqual([call.toString(), []]);
      }
    });
  });

  everywhere("of the parts of a combination, however it ended", async () => {
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

  everywhere("and a part that runs by itself stays where it is", async () => {
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

describeEverywhere("nothing is left on an AbortSignal", (everywhere) => {
  const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

  everywhere("of a token that was made from it, once that is cancelled by hand or disposed of", () => {
    const { signal } = new AbortController();
    const cancelled = CancellationToken.from(signal);
    const disposed = CancellationToken.from(signal);
    // One for both: rule 27.
    expect(listeners(signal)).toBe(1);
    cancelled.cancel("shutdown");
    expect(listeners(signal)).toBe(1);
    disposed[Symbol.dispose]();
    expect(listeners(signal)).toBe(0);
    expect([cancelled.reason, disposed.isCancelled]).toEqual(["shutdown", false]);
  });

  everywhere("also if an operation that it cancels does that", async () => {
    const controller = new AbortController();
    const token = CancellationToken.from(controller.signal);
    const outcome = Cancellable.withToken(token).settle(() => sleepForever());
    expect(listeners(controller.signal)).toBe(1);
    token.cancel("disconnect");
    expect(await outcome).toMatchObject({ error: { reason: "disconnect" } });
    expect(listeners(controller.signal)).toBe(0);
    controller.abort();
    expect(token.reason).toBe("disconnect");
  });
});

describeEverywhere("the times of an operation", (everywhere) => {
  everywhere("do not move with the wall clock once they were looked at", async (t) => {
    const op = new Cancellable();
    await op.run(() => sleep(10));
    const { startTime, endTime, duration } = op.context;
    const clock = Date.now;
    // The wall clock is set while the program runs.
    const now = vi.spyOn(Date, "now").mockImplementation(() => clock() + 3_600_000);
    try {
      t.block(5);
      expect(op.context.startTime?.getTime()).toBe(startTime?.getTime());
      expect(op.context.endTime?.getTime()).toBe(endTime?.getTime());
      expect(op.context.duration).toBe(duration);
      expect(op.context.toJSON().endTime).toBe(endTime?.toISOString());
    } finally {
      now.mockRestore();
    }
    expect(duration).toBeGreaterThanOrEqual(10);
  });
});
