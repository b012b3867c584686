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

describeEverywhere("a scope that is cancelled before its start (rule 1)", (everywhere) => {
  everywhere("the body runs to its first checkpoint (CONF-B14)", async () => {
    const scope = new CancelScope();
    scope.cancel();
    let started = false;
    await scope.run(async () => {
      started = true;
      await sleepForever();
    });
    expect(started).toBe(true);
    expect(scope.cancelledCaught).toBe(true);
  });
});

describeEverywhere("the result of a scope (rule 3)", (everywhere) => {
  everywhere("cancelCalled and cancelledCaught are different facts (CONF-B04, CONF-B33)", async () => {
    const scope = new CancelScope();
    const value = await scope.run(async () => {
      scope.cancel();
      await sleepForever().catch(() => {});
      return "went on";
    });
    expect(value).toBe("went on");
    expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, false]);
  });
});

describeEverywhere("a cancelled scope", (everywhere) => {
  everywhere(
    "the scope absorbs its own cancellation, and the code after the scope runs (CONF-B01)",
    async () => {
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
    },
  );

  everywhere("a cancellation that met no checkpoint ends with its scope (CONF-B05)", async () => {
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

  everywhere("a scope that has ended can be cancelled, and nothing else changes (CONF-B15)", async () => {
    const scope = new CancelScope();
    await scope.run(() => sleep(0));
    expect(scope.cancelCalled).toBe(false);
    expect(scope.cancel()).toBe(true);
    expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, false]);
    await checkpoint();
    await sleep(1);
    expect(await new CancelScope().run(() => sleep(1).then(() => "next"))).toBe("next");
  });

  everywhere("another task or any callback may cancel the scope (CONF-B22)", async () => {
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

describeEverywhere("the start of a scope", (everywhere) => {
  everywhere(
    "a scope runs once: not again, not inside itself, and not twice at a time (rule 34, CONF-B16)",
    async () => {
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
    },
  );

  everywhere(
    "a deadline that passes before the start cancels the scope, and moving the deadline changes nothing (CONF-B21)",
    async (t) => {
      const scope = new CancelScope({ deadline: t.backend.epoch() + 5 });
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

describeEverywhere("a wait that cancellation cannot interrupt", (everywhere) => {
  everywhere(
    "a foreign await goes on until it settles, and the next checkpoint throws (CONF-S09)",
    async () => {
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
    },
  );
});

describeEverywhere("the use of a scope", (everywhere) => {
  everywhere("a scope runs once (rule 34)", async () => {
    const scope = new CancelScope();
    const body = vi.fn();
    await scope.run(() => "value");
    expectUsageError(
      await rejection(scope.run(body)),
      "ERR_ALREADY_STARTED",
      /^CancelScope has already been started/,
    );
    expect(body).not.toHaveBeenCalled();
  });

  everywhere(
    "a scope with a timeout has no deadline before its start, neither to read nor to set",
    async () => {
      const scope = new CancelScope({ timeout: 60_000 });
      const text = /^CancelScope has a relative timeout and therefore no deadline before it runs/;
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
    },
  );
});
