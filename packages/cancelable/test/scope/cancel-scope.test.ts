import { expect } from "vitest";
import {
  Cancellable,
  CancellationError,
  CancelScope,
  checkpoint,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection, stepRecorder } from "../backends.ts";

describeEverywhere("a cancelled scope", (everywhere) => {
  everywhere("absorbs its own cancellation, and what follows it runs (CONF-B01)", async () => {
    const { step, finish } = stepRecorder();
    const scope = new CancelScope();
    const value = await scope.run(async () => {
      step(1);
      scope.cancel();
      await sleep(1).finally(() => step(2));
      step(-1);
      return "value";
    });
    step(3);
    await sleep(0);
    finish(4);
    expect([value, scope.cancelCalled, scope.cancelledCaught]).toEqual([undefined, true, true]);
  });

  everywhere("takes its cancellation along when it ends without a checkpoint (CONF-B05)", async () => {
    const scope = new CancelScope();
    expect(
      await scope.run(() => {
        scope.cancel();
        return "value";
      }),
    ).toBe("value");
    await checkpoint();
    await sleep(0);
    await sleep(1);
    expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, false]);
  });

  everywhere(
    "a group of errors without its cancellation passes, and nothing was caught (CONF-B06)",
    async () => {
      const group = new AggregateError([new Error("a"), new AggregateError([new Error("b")])], "both");
      const scope = new CancelScope();
      const error = await rejection(
        scope.run(() => {
          scope.cancel();
          throw group;
        }),
      );
      expect(error).toBe(group);
      expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, false]);
    },
  );

  everywhere("a group of nothing but its cancellation is absorbed whole (CONF-B08)", async () => {
    const scope = new CancelScope();
    const value = await scope.run(async () => {
      scope.cancel();
      const errors = [await rejection(sleep(1)), await rejection(sleep(1))];
      throw new AggregateError([new AggregateError(errors), errors[0]]);
    });
    expect([value, scope.cancelledCaught]).toEqual([undefined, true]);
  });

  everywhere("an error that somebody made of its cancellation is absorbed as well (CONF-B28)", async () => {
    const makers = [
      (cause: unknown) => new CancellationError("error", "in other words", { cause }),
      (cause: unknown) => new Error("in words of their own", { cause: new Error("deeper", { cause }) }),
    ];
    for (const make of makers) {
      const scope = new CancelScope();
      await scope.run(async () => {
        scope.cancel();
        throw make(await rejection(sleep(1)));
      });
      expect(scope.cancelledCaught).toBe(true);
    }
  });

  everywhere(
    "that has ended may still be cancelled: it says so, and nobody else notices (CONF-B15)",
    async () => {
      const scope = new CancelScope();
      await scope.run(() => sleep(0));
      expect(scope.cancelCalled).toBe(false);
      expect(scope.cancel()).toBe(true);
      expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, false]);
      await checkpoint();
      await sleep(1);
      expect(await new CancelScope().run(() => sleep(1).then(() => "next"))).toBe("next");
    },
  );

  everywhere("may be cancelled by another task, or by any callback (CONF-B22)", async () => {
    for (const from of ["task", "timer", "microtask"]) {
      const scope = new CancelScope();
      const running = scope.run(() => sleepForever());
      const cancel = (): void => void scope.cancel();
      if (from === "timer") setImmediate(cancel);
      else if (from === "microtask") queueMicrotask(cancel);
      else void new Cancellable({ parent: null }).run(() => sleep(1).then(cancel));
      await running;
      expect(scope.cancelledCaught).toBe(true);
    }
  });
});

describeEverywhere("a scope is entered once", (everywhere) => {
  everywhere("not again, not inside of itself, and not twice at the same time (CONF-B16)", async () => {
    const misuse = { code: "ERR_ALREADY_STARTED" };
    const scope = new CancelScope();
    let called = 0;
    const count = (): void => void called++;
    await scope.run(async () => {
      expect(await rejection(scope.run(count))).toMatchObject(misuse);
    });
    expect(await rejection(scope.run(count))).toMatchObject(misuse);
    const other = new CancelScope();
    const gate = deferred();
    const first = other.run(() => gate.promise.then(() => "first"));
    expect(await rejection(other.run(count))).toMatchObject(misuse);
    gate.resolve();
    expect(await first).toBe("first");
    expect([called, other.cancelCalled]).toEqual([0, false]);
  });

  everywhere(
    "a deadline that passed before has cancelled it, and moving it changes nothing (CONF-B21)",
    async (t) => {
      const scope = new CancelScope({ deadline: t.backend.now() + 5 });
      expect(scope.cancelCalled).toBe(false);
      t.block(6);
      expect(scope.cancelCalled).toBe(true);
      scope.deadline = t.backend.now() + 60_000;
      expect(scope.cancelCalled).toBe(true);
      await scope.run(() => sleepForever());
      expect(scope.cancelledCaught).toBe(true);
    },
  );
});

describeEverywhere("handles", (everywhere) => {
  everywhere("ended out of order, the outer one ends when the inner one has (CONF-B18)", async () => {
    const outer = new Cancellable().start();
    const inner = new Cancellable({ parent: outer }).start();
    const ended: string[] = [];
    const closing = outer[Symbol.asyncDispose]().then(() => ended.push("outer"));
    await sleep(1);
    expect([ended, outer.children]).toEqual([[], [inner]]);
    // Nothing is stranded: what is left open below is still reached.
    expect(outer.cancel()).toBe(true);
    expect(inner.isCancelled).toBe(true);
    expect(await rejection(inner.sleep(1))).toMatchObject({ reason: "parent" });
    await inner[Symbol.asyncDispose]();
    ended.push("inner");
    await closing;
    expect(ended).toEqual(["inner", "outer"]);
  });
});
