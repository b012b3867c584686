import { expect, vi } from "vitest";
import {
  CancelScope,
  currentDeadline,
  currentSignal,
  failAfter,
  isCancellation,
  ManualCancellation,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  TimeoutCancellation,
  taskGroup,
  withTimeout,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("moveOnAfter (rule 37)", (everywhere) => {
  everywhere(
    "on expiry the call resolves with undefined, and the scope has caught its cancellation (CONF-C01)",
    async (t) => {
      let kept: CancelScope | undefined;
      const value = await moveOnAfter(20, async (scope) => {
        kept = scope;
        await sleepForever();
        return "value";
      });
      expect(value).toBeUndefined();
      expect([kept?.cancelCalled, kept?.cancelledCaught]).toEqual([true, true]);
      t.expectElapsed(20);
      let reached = false;
      await moveOnAfter(0, async () => {
        await sleep(0);
        reached = true;
      });
      expect(reached).toBe(false);
    },
  );

  everywhere("in time the call gives the value, and nothing happens later (CONF-C13)", async (t) => {
    let kept: CancelScope | undefined;
    const value = await moveOnAfter({ minutes: 1 }, async (scope) => {
      kept = scope;
      await sleep(1);
      scope.deadline = t.backend.now() + 5;
      return "value";
    });
    expect(value).toBe("value");
    await sleep(10);
    expect([kept?.cancelCalled, kept?.cancelledCaught]).toEqual([false, false]);
  });

  everywhere("the call ends when the body has ended, clean-up included", async (t) => {
    await moveOnAfter(10, async () => {
      try {
        await sleepForever();
      } finally {
        await shield(() => sleep(15));
      }
    });
    t.expectElapsed(25);
  });

  everywhere("null and Infinity mean no limit (CONF-C05)", async () => {
    for (const span of [null, Number.POSITIVE_INFINITY]) {
      expect(await moveOnAfter(span, () => currentDeadline())).toBe(Number.POSITIVE_INFINITY);
    }
  });

  everywhere(
    "a shielded call keeps outer cancellation out and its own deadline in force (CONF-C22)",
    async (t) => {
      const order: string[] = [];
      const outer = new CancelScope();
      await outer.run(async () => {
        outer.cancel();
        const value = await moveOnAfter(20, () => sleepForever(), { shield: true });
        order.push(`inner ${value}`);
        await sleep(0);
        order.push("never");
      });
      expect(order).toEqual(["inner undefined"]);
      t.expectElapsed(20);
    },
  );

  everywhere(
    "an invalid span is rejected with the name of the argument, and the body is not called (CONF-C09)",
    async () => {
      const body = vi.fn();
      expect(await rejection(moveOnAfter(Number.NaN, body))).toMatchObject({
        name: "RangeError",
        message: expect.stringContaining("span"),
      });
      for (const span of ["10", undefined, {}] as never[]) {
        expect(await rejection(moveOnAfter(span, body))).toBeInstanceOf(TypeError);
      }
      expect(await rejection(moveOnAfter(1, "body" as never))).toBeInstanceOf(TypeError);
      expect(body).not.toHaveBeenCalled();
    },
  );
});

describeEverywhere("failAfter (rule 37)", (everywhere) => {
  everywhere(
    "the body sees a cancellation, and the caller a timeout error with the span (CONF-C02)",
    async (t) => {
      let inside: unknown;
      const error = await rejection(
        failAfter({ milliseconds: 20 }, async () => {
          inside = await rejection(sleepForever());
          throw inside;
        }),
      );
      expect(isCancellation(inside)).toBe(true);
      expect(error).toBeInstanceOf(TimeoutCancellation);
      expect(error).toMatchObject({ reason: "timeout", name: "TimeoutError", timeoutMs: 20 });
      t.expectElapsed(20);
    },
  );

  everywhere("in time the call gives the value, and a late value is still the value", async (t) => {
    expect(await failAfter(10, () => "sync")).toBe("sync");
    const value = await failAfter(5, async () => {
      t.block(10);
      return "late";
    });
    expect(value).toBe("late");
  });

  everywhere(
    "a scope that is cancelled by hand rejects with that cancellation, which is no timeout (CONF-C03, CONF-C04)",
    async (t) => {
      const error = await rejection(
        failAfter(10, async (scope) => {
          scope.cancel("manual", "enough");
          t.block(20);
          await sleep(0);
        }),
      );
      expect(error).toBeInstanceOf(ManualCancellation);
      expect(error).toMatchObject({ message: "enough" });
    },
  );

  everywhere("below a cancelled scope the outer cancellation wins over the timeout (CONF-C17)", async () => {
    const outer = new CancelScope();
    let after = false;
    await outer.run(async () => {
      outer.cancel();
      await failAfter(0, () => sleepForever());
      after = true;
    });
    expect([outer.cancelledCaught, after]).toEqual([true, false]);
  });

  everywhere("one timeout error comes out, however many tasks it cancelled (CONF-C18)", async () => {
    const error = await rejection(
      failAfter(10, () =>
        taskGroup((group) => {
          for (let i = 0; i < 5; i++) group.startSoon(() => sleepForever());
        }),
      ),
    );
    expect(error).toBeInstanceOf(TimeoutCancellation);
  });

  everywhere("an error of the body comes out", async () => {
    const failure = new Error("body");
    expect(await rejection(failAfter(60_000, () => Promise.reject(failure)))).toBe(failure);
  });
});

describeEverywhere("withTimeout (rule 37)", (everywhere) => {
  everywhere("a function runs as in failAfter (PAR-DEC-04)", async (t) => {
    expect(await withTimeout(60_000, async (scope) => scope.isCancelled)).toBe(false);
    const error = await rejection(withTimeout(10, () => sleepForever()));
    expect(error).toBeInstanceOf(TimeoutCancellation);
    t.expectElapsed(10);
  });

  everywhere("a promise is waited for, and its value or rejection comes through (PAR-DEC-04)", async () => {
    const failure = new Error("promise");
    expect(await withTimeout(60_000, Promise.resolve("value"))).toBe("value");
    expect(await rejection(withTimeout(60_000, Promise.reject(failure)))).toBe(failure);
  });

  everywhere("a late promise is abandoned, and its rejection is swallowed", async (t) => {
    const late = deferred();
    expect(await rejection(withTimeout(10, late.promise))).toBeInstanceOf(TimeoutCancellation);
    t.expectElapsed(10);
    // The run fails if this is an unhandled rejection.
    late.reject(new Error("late"));
    await sleep(1);
  });

  everywhere("a promise is abandoned when the scope outside is cancelled", async (t) => {
    const late = deferred();
    expect(await moveOnAfter(5, () => withTimeout(1_000, late.promise))).toBeUndefined();
    t.expectElapsed(5);
    late.reject(new Error("late"));
    await sleep(1);
  });

  everywhere("with wrong arguments the given promise causes no unhandled rejection", async () => {
    const failed = Promise.reject(new Error("nobody looks"));
    expect(await rejection(withTimeout(Number.NaN, failed))).toBeInstanceOf(RangeError);
    expect(await rejection(withTimeout(10, "neither" as never))).toMatchObject({
      name: "TypeError",
      message: expect.stringContaining("work"),
    });
    await sleep(1);
  });
});

describeEverywhere("currentDeadline and currentSignal", (everywhere) => {
  everywhere("both follow the scopes on the way up to the next shield (CONF-C14)", async (t) => {
    const start = t.backend.now();
    expect(currentDeadline()).toBe(Number.POSITIVE_INFINITY);
    await moveOnAfter(1_000, async (outer) => {
      expect(currentDeadline()).toBe(outer.deadline);
      expect(outer.deadline).toBeGreaterThanOrEqual(start + 1_000);
      await moveOnAfter(2_000, () => expect(currentDeadline()).toBe(outer.deadline));
      await moveOnAfter(500, (inner) => expect(currentDeadline()).toBe(inner.deadline));
      await shield(() => expect(currentDeadline()).toBe(Number.POSITIVE_INFINITY));
      const signal = currentSignal();
      expect(signal).toBe(outer.signal);
      outer.cancel();
      expect(currentDeadline()).toBe(Number.NEGATIVE_INFINITY);
      expect([signal.aborted, signal.reason]).toEqual([true, outer.error]);
    });
  });
});
