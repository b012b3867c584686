import { expect, vi } from "vitest";
import {
  Cancellable,
  CancelScope,
  checkpoint,
  getBackend,
  run,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection, stepRecorder } from "../backends.ts";
import { expectUsageError, thrown } from "../refusals.ts";

describeEverywhere(
  "rule 1: a cancelled operation never starts its body; a scope and a child do",
  (everywhere) => {
    everywhere(
      "a scope that was cancelled before it is entered runs to its first checkpoint (CONF-B14)",
      async () => {
        const scope = new CancelScope();
        scope.cancel();
        let started = false;
        await scope.run(async () => {
          started = true;
          await sleepForever();
        });
        expect(started).toBe(true);
        expect(scope.cancelledCaught).toBe(true);
      },
    );
  },
);

describeEverywhere("rule 3: what the body did wins over what was asked for", (everywhere) => {
  everywhere(
    "cancelCalled and cancelledCaught are different facts on a scope (CONF-B04, CONF-B33)",
    async () => {
      const scope = new CancelScope();
      const value = await scope.run(async () => {
        scope.cancel();
        await sleepForever().catch(() => {});
        return "went on";
      });
      expect(value).toBe("went on");
      expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, false]);
    },
  );
});

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

describeEverywhere("what cancellation cannot interrupt", (everywhere) => {
  everywhere("sleeps on until it is woken, and the next checkpoint throws (CONF-S09)", async () => {
    const foreign = deferred<string>();
    const seen: unknown[] = [];
    const scope = new CancelScope();
    const running = scope.run(async () => {
      seen.push(await foreign.promise);
      seen.push(await rejection(checkpoint()));
      await sleep(1);
      seen.push("not reached");
    });
    scope.cancel();
    await sleep(5);
    expect(seen).toEqual([]);
    foreign.resolve("woken");
    await running;
    expect(seen).toEqual(["woken", scope.error]);
    expect(scope.cancelledCaught).toBe(true);
  });
});

describeEverywhere("an operation runs once", (everywhere) => {
  everywhere("a scope runs once, too", async () => {
    const scope = new CancelScope();
    const body = vi.fn();
    await scope.run(() => "value");
    expectUsageError(
      await rejection(scope.run(body)),
      "ERR_ALREADY_STARTED",
      /^CancelScope was started before/,
    );
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("a scope with a timeout has no deadline before it runs, to read or to set", async () => {
    const scope = new CancelScope({ timeout: 60_000 });
    const text = /^CancelScope has no absolute deadline before it is entered/;
    expectUsageError(
      thrown(() => scope.deadline),
      "ERR_RELATIVE_DEADLINE",
      text,
    );
    expectUsageError(
      thrown(() => Object.assign(scope, { deadline: 5 })),
      "ERR_RELATIVE_DEADLINE",
      text,
    );
    const start = getBackend().now();
    expect(await scope.run(() => scope.deadline)).toBeGreaterThanOrEqual(start + 60_000);
  });
});
