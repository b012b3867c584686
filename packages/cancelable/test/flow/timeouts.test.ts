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

describeEverywhere("moveOnAfter", (everywhere) => {
  everywhere("on expiry it goes on quietly, and its scope says so (CONF-C01)", async (t) => {
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
  });

  everywhere("in time it gives the value, and nothing happens later (CONF-C13)", async () => {
    let kept: CancelScope | undefined;
    const value = await moveOnAfter(5, async (scope) => {
      kept = scope;
      await sleep(1);
      return "value";
    });
    expect(value).toBe("value");
    await sleep(10);
    expect([kept?.cancelCalled, kept?.cancelledCaught]).toEqual([false, false]);
  });

  everywhere("it ends when the body has ended, clean-up included", async (t) => {
    await moveOnAfter(10, async () => {
      try {
        await sleepForever();
      } finally {
        await shield(() => sleep(15));
      }
    });
    t.expectElapsed(25);
  });

  everywhere("null and Infinity are no limit (CONF-C05)", async () => {
    for (const span of [null, Number.POSITIVE_INFINITY]) {
      expect(await moveOnAfter(span, () => currentDeadline())).toBe(Number.POSITIVE_INFINITY);
    }
  });

  everywhere("a shielded one keeps outer cancellation out and its own deadline in (CONF-C22)", async (t) => {
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
  });

  everywhere("bad spans are rejected by name, and the body is not called (CONF-C09)", async () => {
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
  });
});

describeEverywhere("failAfter", (everywhere) => {
  everywhere(
    "the body sees a cancellation, the caller a timeout that knows its span (CONF-C02)",
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

  everywhere("in time it gives the value, and a value that comes late is a value", async (t) => {
    expect(await failAfter(10, () => "sync")).toBe("sync");
    const value = await failAfter(5, async () => {
      t.block(10);
      return "late";
    });
    expect(value).toBe("late");
  });

  everywhere(
    "cancelled by hand it rejects with that, which is no timeout (CONF-C03, CONF-C04)",
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

  everywhere("below a cancelled scope there is no timeout error: the outer one wins (CONF-C17)", async () => {
    const outer = new CancelScope();
    let after = false;
    await outer.run(async () => {
      outer.cancel();
      await failAfter(0, () => sleepForever());
      after = true;
    });
    expect([outer.cancelledCaught, after]).toEqual([true, false]);
  });

  everywhere("one timeout comes out, however many tasks were cancelled by it (CONF-C18)", async () => {
    const error = await rejection(
      failAfter(10, () =>
        taskGroup((group) => {
          for (let i = 0; i < 5; i++) group.startSoon(() => sleepForever());
        }),
      ),
    );
    expect(error).toBeInstanceOf(TimeoutCancellation);
  });

  everywhere("an error of the body is what comes out", async () => {
    const failure = new Error("body");
    expect(await rejection(failAfter(10, () => Promise.reject(failure)))).toBe(failure);
  });
});

describeEverywhere("withTimeout", (everywhere) => {
  everywhere("a function runs as by failAfter (PAR-DEC-04)", async (t) => {
    expect(await withTimeout(10, async (scope) => scope.isCancelled)).toBe(false);
    const error = await rejection(withTimeout(10, () => sleepForever()));
    expect(error).toBeInstanceOf(TimeoutCancellation);
    t.expectElapsed(10);
  });

  everywhere("a promise is waited for, and its value or rejection comes through (PAR-DEC-04)", async () => {
    const failure = new Error("promise");
    expect(await withTimeout(10, Promise.resolve("value"))).toBe("value");
    expect(await rejection(withTimeout(10, Promise.reject(failure)))).toBe(failure);
  });

  everywhere("a promise that is late is abandoned: its rejection goes nowhere", async (t) => {
    const late = deferred();
    expect(await rejection(withTimeout(10, late.promise))).toBeInstanceOf(TimeoutCancellation);
    t.expectElapsed(10);
    // The run fails if this is an unhandled rejection.
    late.reject(new Error("late"));
    await sleep(1);
  });

  everywhere("a promise is abandoned as well when the scope outside is cancelled", async (t) => {
    const late = deferred();
    expect(await moveOnAfter(5, () => withTimeout(1_000, late.promise))).toBeUndefined();
    t.expectElapsed(5);
    late.reject(new Error("late"));
    await sleep(1);
  });

  everywhere("with wrong arguments the promise that was handed over is not left unhandled", async () => {
    const failed = Promise.reject(new Error("nobody looks"));
    expect(await rejection(withTimeout(Number.NaN, failed))).toBeInstanceOf(RangeError);
    expect(await rejection(withTimeout(10, "neither" as never))).toMatchObject({
      name: "TypeError",
      message: expect.stringContaining("bodyOrPromise"),
    });
    await sleep(1);
  });
});

describeEverywhere("currentDeadline and currentSignal", (everywhere) => {
  everywhere("follow the scopes on the way up to the next shield (CONF-C14)", async (t) => {
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
