import { expect, vi } from "vitest";
import {
  Cancellable,
  CancellationError,
  CancellationToken,
  CancelScope,
  isCancellation,
  moveOnAfter,
  sleep,
  sleepForever,
  TimeoutCancellation,
  taskGroup,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere(
  "rule 1: a cancelled operation never starts its body; a scope and a child do",
  (everywhere) => {
    everywhere("run rejects and settle reports, and the body is not called", async () => {
      const body = vi.fn();
      const first = new Cancellable();
      first.cancel("shutdown", "not today");
      await expect(first.run(body)).rejects.toMatchObject({ reason: "shutdown", message: "not today" });
      const second = new Cancellable();
      second.cancel();
      await expect(second.settle(body)).resolves.toMatchObject({ status: "cancelled" });
      expect(body).not.toHaveBeenCalled();
      expect(first.context.status).toBe("cancelled");
    });

    everywhere("an operation whose token was cancelled before never starts (PAR-CAN-32)", async () => {
      const token = new CancellationToken();
      token.cancel("manual", "too late");
      const body = vi.fn();
      const outcome = await Cancellable.withToken(token).settle(body);
      expect(outcome).toMatchObject({
        status: "cancelled",
        error: { reason: "manual", message: "too late" },
      });
      expect(body).not.toHaveBeenCalled();
    });

    everywhere("a timeout of 0 has expired already", async () => {
      const body = vi.fn();
      await expect(Cancellable.withTimeout(0).settle(body)).resolves.toMatchObject({ status: "cancelled" });
      expect(body).not.toHaveBeenCalled();
    });

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

    everywhere("a child of a cancelled group runs to its first checkpoint (CONF-E05)", async () => {
      let started = false;
      let past = false;
      await taskGroup(async (group) => {
        group.cancel();
        group.startSoon(async () => {
          started = true;
          await sleep(1);
          past = true;
        });
      });
      expect([started, past]).toEqual([true, false]);
    });
  },
);

describeEverywhere("rule 2: a cancelled operation waits for its body, or for grace", (everywhere) => {
  everywhere("it settles after the body's clean-up", async () => {
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

  everywhere("after grace it settles anyway, and says that the body was abandoned", async (t) => {
    const foreign = deferred();
    const outcome = await Cancellable.withTimeout(10, { grace: 20 }).settle(() => foreign.promise);
    expect(outcome).toMatchObject({ status: "cancelled", abandoned: true, error: { reason: "timeout" } });
    t.expectElapsed(30);
    // The run fails if this is an unhandled rejection.
    foreign.reject(new Error("late"));
    await sleep(1);
  });

  everywhere("a body that ends within grace was not abandoned", async () => {
    const outcome = await Cancellable.withTimeout(10, { grace: 1_000 }).settle(() => sleepForever());
    expect(outcome.status).toBe("cancelled");
    expect(outcome).not.toHaveProperty("abandoned");
  });
});

describeEverywhere("rule 3: what the body did wins over what was asked for", (everywhere) => {
  everywhere("a value: it has completed, and the context says that cancellation was asked for", async () => {
    const op = new Cancellable();
    const value = await op.run(() => {
      op.cancel("shutdown", "going down");
      return 42;
    });
    expect(value).toBe(42);
    expect(op.context).toMatchObject({
      status: "completed",
      cancelRequested: true,
      cancelReason: "shutdown",
      cancelMessage: "going down",
    });
    expect(op.isCompleted).toBe(true);
    expect([op.isCancelled, op.cancelledCaught]).toEqual([true, false]);
  });

  everywhere("another error: it has failed, with that error, and the same fields", async () => {
    const op = new Cancellable();
    const failure = new TypeError("broken");
    await expect(
      op.settle(async () => {
        op.cancel("shutdown");
        throw failure;
      }),
    ).resolves.toEqual({ status: "failed", error: failure });
    expect(op.context).toMatchObject({ status: "failed", error: "broken", cancelReason: "shutdown" });
  });

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

describeEverywhere("rule 4: what counts as the cancellation", (everywhere) => {
  const outcomeOf = async (make: (op: Cancellable) => unknown): Promise<string> => {
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      op.cancel();
      throw make(op);
    });
    return outcome.status;
  };

  everywhere("the same object, or an error whose cause chain reaches it", async () => {
    expect(await outcomeOf((op) => op.token.error)).toBe("cancelled");
    expect(await outcomeOf((op) => new Error("wrapped", { cause: op.token.error }))).toBe("cancelled");
    expect(await outcomeOf((op) => new Error("twice", { cause: { cause: op.token.error } }))).toBe(
      "cancelled",
    );
  });

  everywhere(
    "an AbortError or TimeoutError of anybody, if the operation is cancelled (CONF-T03)",
    async () => {
      expect(await outcomeOf(() => new DOMException("x", "AbortError"))).toBe("cancelled");
      expect(await outcomeOf(() => new DOMException("x", "TimeoutError"))).toBe("cancelled");
      const alive = new Cancellable();
      const error = new DOMException("x", "AbortError");
      await expect(alive.settle(() => Promise.reject(error))).resolves.toEqual({ status: "failed", error });
    },
  );

  everywhere("never the message's text", async () => {
    expect(await outcomeOf(() => new Error("AbortError: Operation cancelled manually"))).toBe("failed");
  });

  everywhere(
    "a cancellation that was made by hand cancels the operation that it leaves (PAR-CAN-44)",
    async () => {
      const op = new Cancellable();
      const error = new CancellationError("signal", "told to");
      const outcome = await op.settle(() => Promise.reject(error));
      expect(outcome).toEqual({ status: "cancelled", error });
      expect(op.context).toMatchObject({ cancelReason: "signal", cancelMessage: "told to" });
    },
  );

  everywhere(
    "a cancellation of somebody else is a failure of an operation that is not cancelled",
    async () => {
      const outer = new Cancellable();
      const outcome = await outer.settle(() => Cancellable.withTimeout(5).run(() => sleepForever()));
      expect(outcome).toMatchObject({ status: "failed", error: { reason: "timeout" } });
    },
  );

  everywhere("chains that are cyclic or whose getters throw are no cancellation", async () => {
    const cyclic = new Error("a");
    cyclic.cause = cyclic;
    expect(await outcomeOf(() => cyclic)).toBe("failed");
    expect(
      await outcomeOf(() => Object.defineProperties({}, { cause: { get: thrower }, name: { get: thrower } })),
    ).toBe("failed");
    function thrower(): never {
      throw new Error("getter");
    }
  });
});

describeEverywhere("rule 5: moveOnAfter swallows only its own expiry", (everywhere) => {
  everywhere("its own expiry gives undefined", async (t) => {
    expect(await moveOnAfter(10, () => sleepForever())).toBeUndefined();
    t.expectElapsed(10);
  });

  everywhere("an outer cancellation passes through it", async () => {
    const op = Cancellable.withTimeout(10);
    let after = false;
    const outcome = await op.settle(async () => {
      await moveOnAfter(1_000, () => sleepForever());
      after = true;
    });
    expect(outcome.status).toBe("cancelled");
    expect(after).toBe(false);
  });

  everywhere(
    "the outer, shorter one catches; the inner is neither called nor caught (CONF-C16)",
    async () => {
      let inner: CancelScope | undefined;
      let after = false;
      const result = await moveOnAfter(10, async () => {
        await moveOnAfter(1_000, (scope) => {
          inner = scope;
          return sleepForever();
        });
        after = true;
      });
      expect(result).toBeUndefined();
      expect(after).toBe(false);
      expect([inner?.cancelCalled, inner?.cancelledCaught]).toEqual([false, false]);
    },
  );

  everywhere("an ordinary error passes through a scope that has expired", async () => {
    const error = await rejection(
      moveOnAfter(5, async () => {
        await sleepForever().catch(() => {});
        throw new RangeError("clean-up broke");
      }),
    );
    expect(error).toBeInstanceOf(RangeError);
  });
});

describeEverywhere("rule 6: existing catch code recognises the error", (everywhere) => {
  everywhere("name and code are the platform's", async () => {
    const token = new CancellationToken();
    token.cancel();
    expect(token.error).toMatchObject({ name: "AbortError", code: "ABORT_ERR" });
    const timeout = await rejection(Cancellable.withTimeout(1).run(() => sleepForever()));
    expect(timeout).toMatchObject({ name: "TimeoutError", code: "ABORT_ERR", reason: "timeout" });
    expect(timeout).toBeInstanceOf(TimeoutCancellation);
    expect(timeout).toBeInstanceOf(Error);
    expect(isCancellation(timeout)).toBe(true);
    expect(isCancellation(new Error("no"))).toBe(false);
  });
});
