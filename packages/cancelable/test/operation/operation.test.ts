import { expect, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  ConditionSource,
  checkpoint,
  currentOperation,
  LinkedCancellationToken,
  OperationRegistry,
  registry,
  SignalSource,
  sleep,
  sleepForever,
  TimeoutSource,
  withCancellable,
} from "../../src/index.ts";
import { describeEverywhere, rejection, stepRecorder } from "../backends.ts";

describeEverywhere("an operation", (everywhere) => {
  everywhere("has one token, which others can be linked to (PAR-CAN-04)", () => {
    const op = new Cancellable();
    const { token } = op;
    expect(token).toBeInstanceOf(LinkedCancellationToken);
    expect(op.token).toBe(token);
    token.cancel("shutdown");
    expect([op.isCancelled, op.token === token]).toEqual([true, true]);
  });

  everywhere("times out in milliseconds or by a duration; an error is no timeout (PAR-CAN-06)", async (t) => {
    for (const span of [10, { seconds: 0.01 }]) {
      const op = Cancellable.withTimeout(span);
      expect(await rejection(op.run(() => sleepForever()))).toMatchObject({
        reason: "timeout",
        timeoutMs: 10,
      });
      expect(op.context).toMatchObject({ status: "cancelled", cancelReason: "timeout" });
    }
    t.expectElapsed(20);
    const failure = new Error("body");
    const failed = Cancellable.withTimeout(60_000);
    expect(await rejection(failed.run(() => Promise.reject(failure)))).toBe(failure);
    expect(failed.context).toMatchObject({ status: "failed", error: "body", cancelReason: undefined });
  });

  everywhere("with a condition that is too late times out (PAR-CAN-12)", async (t) => {
    let checks = 0;
    const op = Cancellable.withTimeout(20).addSource(
      new ConditionSource(() => ++checks >= 100, { interval: 5 }),
    );
    expect(await op.settle(() => sleepForever())).toMatchObject({ error: { reason: "timeout" } });
    t.expectElapsed(20);
    expect(checks).toBeGreaterThan(1);
    expect(checks).toBeLessThan(100);
  });

  everywhere("in shields inside of shields goes on to the end of all (PAR-CAN-21)", async () => {
    const { step, finish } = stepRecorder();
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      await op.shield(async (outer) => {
        step(1);
        await outer.shield(async () => {
          op.cancel("manual", "inside");
          await sleep(5);
          step(2);
        });
        await sleep(5);
        expect(outer.isCancelled).toBe(false);
        step(3);
      });
      step(4);
      await checkpoint();
      step(-1);
    });
    finish(5);
    expect(outcome).toMatchObject({ status: "cancelled", error: { message: "inside" } });
  });

  everywhere("knows its shields while they are open, however they end (PAR-CAN-23)", async () => {
    const op = new Cancellable();
    await op.settle(async () => {
      const shields = (): number => op.children.length;
      for (const end of ["value", "error", "timeout", "cancel"]) {
        const outcome = op.shield(
          async (inner) => {
            expect([end, shields(), op.children[0] === inner]).toEqual([end, 1, true]);
            if (end === "error") throw new Error("inside");
            if (end === "cancel") inner.cancel();
            if (end !== "value") await sleepForever();
          },
          { timeout: end === "timeout" ? 1 : 60_000 },
        );
        await outcome.catch(() => {});
        expect([end, shields(), op.isCancelled]).toEqual([end, 0, false]);
      }
      // One that is left behind is waited for: the end of the operation is not the end of clean-up.
      let cleaned = false;
      void op.shield(() => sleep(5).then(() => (cleaned = true)));
      op.onCancel(() => expect(cleaned).toBe(true));
      op.cancel();
      await sleep(1);
    });
    expect([op.context.status, op.children]).toEqual(["cancelled", []]);
  });

  everywhere("gives its value outward, and five at once all end (PAR-CAN-26)", async () => {
    const value = await new Cancellable().run(() =>
      new Cancellable().run(async (inner) => {
        expect(currentOperation()).toBe(inner);
        await inner.sleep(1);
        return new Cancellable().run(() => "from within");
      }),
    );
    expect(value).toBe("from within");
    const ops = [1, 2, 3, 4, 5].map((n) => new Cancellable({ name: `op ${n}` }));
    const values = await Promise.all(ops.map((op, n) => op.run(() => op.sleep(5 - n).then(() => op.name))));
    expect(values).toEqual(ops.map((op) => op.name));
    expect(ops.every((op) => op.isCompleted && op.parent === undefined)).toBe(true);
  });

  everywhere("with a signal has one source for it, and keeps its name (PAR-CAN-27)", async () => {
    const op = new Cancellable({ name: "server" }).addSource(new SignalSource("SIGUSR2"));
    const bare = Cancellable.withSignal("SIGUSR2");
    for (const one of [op, bare]) {
      await one.run(() => {
        expect(process.listenerCount("SIGUSR2")).toBe(1);
      });
    }
    expect([op.name, op.context.name, bare.name]).toEqual(["server", "server", undefined]);
    expect(process.listenerCount("SIGUSR2")).toBe(0);
  });

  everywhere("is registered when asked, while it runs, however it ends (PAR-CAN-28)", async () => {
    const own = new OperationRegistry();
    for (const end of ["value", "error", "cancel"]) {
      const ops = [
        new Cancellable({ register: own }),
        new Cancellable({ register: true }),
        new Cancellable(),
      ];
      const known = (): boolean[] => [
        own.get(ops[0]?.id as string) !== undefined,
        registry.get(ops[1]?.id as string) !== undefined,
        registry.get(ops[2]?.id as string) !== undefined,
      ];
      expect(known()).toEqual([false, false, false]);
      for (const [index, op] of ops.entries()) {
        await op.settle(async () => {
          expect(known()).toEqual([0, 1, 2].map((other) => other === index && index < 2));
          if (end === "error") throw new Error("body");
          if (end === "cancel") op.cancel();
          await sleep(1);
        });
      }
      expect([end, ...known()]).toEqual([end, false, false, false]);
    }
    expect(own.size).toBe(0);
  });

  everywhere(
    "checks pass while it lives, and throw its cancellation then (PAR-CAN-33, PAR-CAN-40)",
    async (t) => {
      const op = Cancellable.withTimeout(10);
      const outcome = await op.settle(async () => {
        op.check();
        await checkpoint();
        t.block(11);
        op.check();
        await sleep(60_000);
      });
      expect(outcome.status).toBe("cancelled");
      expect(t.elapsed()).toBeLessThan(60_000);
      expect(() => op.token.check()).toThrow(expect.objectContaining({ reason: "timeout" }));
    },
  );

  everywhere("is handed to a function as it is, and nothing else is taken for one (PAR-CAN-52)", async () => {
    const op = new Cancellable();
    const seen: unknown[] = [];
    for (const wrong of [null, undefined, {}, "op"]) {
      expect(() => withCancellable(wrong as never, () => {})).toThrow(/must be a Cancellable; got/);
    }
    await op.run(() =>
      withCancellable(op, (given: Cancellable) => void seen.push(given), { inject: true })(),
    );
    expect(seen).toEqual([op]);
  });
});

describeEverywhere("what cancels an operation", (everywhere) => {
  everywhere("is cancelled again without harm, before, while and after it runs (PAR-CAN-37)", async () => {
    const token = new CancellationToken();
    const op = Cancellable.withToken(token, { name: "twice" });
    const outcome = await op.settle(() => {
      op.cancel("shutdown", "first");
      expect(token.cancel("manual", "second")).toBe(true);
      return sleepForever();
    });
    expect(outcome).toMatchObject({ error: { reason: "shutdown", message: "first" } });
    const never = Cancellable.withToken(token);
    expect(never.isCancelled).toBe(false);
    expect(await never.settle(() => {})).toMatchObject({ error: { message: "second" } });
    const late = new CancellationToken();
    const done = Cancellable.withToken(late);
    await done.run(() => {});
    late.cancel();
    expect(done.context).toMatchObject({ status: "completed", cancelRequested: false });
  });

  everywhere("gives it its reason, whatever other limits it has (PAR-CAN-41)", async () => {
    const token = new CancellationToken();
    token.cancel("signal", "earlier");
    const cases = [
      [new TimeoutSource(5), "timeout"],
      [new ConditionSource(() => true), "condition"],
    ] as const;
    for (const [source, reason] of cases) {
      const op = Cancellable.withTimeout(60_000).addSource(source);
      await op.settle(() => sleepForever());
      expect(op.context).toMatchObject({ status: "cancelled", cancelReason: reason });
      expect([source.triggered, op.context.metadata.cancelledBy]).toEqual([true, source.name]);
    }
    const op = Cancellable.withTimeout(60_000, { token }).addSource(new TimeoutSource(60_000));
    await op.settle(() => {});
    expect(op.context).toMatchObject({ cancelReason: "signal", cancelMessage: "earlier" });
  });

  everywhere("may be any plain token, also below a parent and in combinations (PAR-CAN-47)", async () => {
    const warn = vi.spyOn(console, "warn");
    try {
      const parent = new Cancellable();
      const token = new CancellationToken();
      await parent.settle(async () => {
        const child = Cancellable.withToken(token, { parent });
        const combined = Cancellable.withTimeout(60_000).combine(Cancellable.withToken(token));
        const ended = [child, combined].map((op) => op.settle(() => sleepForever()));
        token.cancel("disconnect");
        for (const one of ended) expect(await one).toMatchObject({ error: { reason: "disconnect" } });
        expect(parent.isCancelled).toBe(false);
      });
      expect(warn).not.toHaveBeenCalled();
    } finally {
      warn.mockRestore();
    }
  });
});
