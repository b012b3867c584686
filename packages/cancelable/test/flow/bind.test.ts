import { expect } from "vitest";
import {
  bind,
  Cancellable,
  CancelScope,
  currentOperation,
  currentScope,
  currentSignal,
  isCancellation,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("bind", (everywhere) => {
  everywhere("runs a function in the scope where it was bound", async () => {
    const a = new Cancellable({ name: "a" });
    const call = await a.run(async () => {
      const bound = bind(() => currentOperation()?.name);
      await new Cancellable({ name: "b" }).run(() => expect(bound()).toBe("a"));
      return bound;
    });
    // Operation a has ended: its context belongs to the scope above.
    expect(call()).toBeUndefined();
  });

  everywhere("passes this, arguments, value and error on", () => {
    const bound = bind(function (this: { base: number }, n: number): number {
      if (n < 0) throw new RangeError("negative");
      return this.base + n;
    });
    expect(bound.call({ base: 40 }, 2)).toBe(42);
    expect(() => bound.call({ base: 40 }, -1)).toThrow(new RangeError("negative"));
  });

  everywhere(
    "a limit reaches a function that a queue calls in the context of another operation",
    async (t) => {
      const queue: Array<() => Promise<void>> = [];
      const limited = moveOnAfter(20, async () => {
        await new Promise<void>((resolve, reject) => {
          queue.push(bind(() => sleepForever().then(resolve, reject)));
        });
      });
      await new Cancellable().run(() => void queue.shift()?.());
      expect(await limited).toBeUndefined();
      t.expectElapsed(20);
    },
  );

  everywhere("refuses what is no function", () => {
    expect(() => bind(5 as never)).toThrow("fn must be a function; got 5");
  });
});

describeEverywhere("currentScope", (everywhere) => {
  everywhere("is the ambient scope: its signal, cancellation and deadline", async (t) => {
    const scope = new CancelScope({ timeout: 1_000 });
    await scope.run(async () => {
      const current = currentScope();
      expect([current.isCancelled, current.error]).toEqual([false, undefined]);
      expect(current.signal).toBe(currentSignal());
      expect(current.deadline).toBe(scope.deadline);
      expect(current.deadline).toBeGreaterThan(t.backend.now());
      scope.cancel();
      expect([current.isCancelled, current.error]).toEqual([true, scope.error]);
      expect(() => current.check()).toThrow(scope.error);
      const error = await rejection(current.sleep(1));
      expect(isCancellation(error, current)).toBe(true);
      expect(await rejection(current.waitFor(sleepForever()))).toBe(scope.error);
    });
  });

  everywhere("can be the parent of scopes", async () => {
    const outer = new CancelScope();
    await outer.run(async () => {
      const parent = currentScope();
      const inner = shield(() => taskGroup(() => sleepForever(), { parent }));
      outer.cancel();
      expect(await rejection(inner)).toBe(outer.error);
    });
  });

  everywhere("is never cancelled outside of every scope", async () => {
    const scope = currentScope();
    expect([scope.isCancelled, scope.deadline]).toEqual([false, Number.POSITIVE_INFINITY]);
    await scope.sleep(1);
  });
});
