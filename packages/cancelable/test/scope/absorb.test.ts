import { expect } from "vitest";
import {
  Cancellable,
  CancellationError,
  CancellationToken,
  CancelScope,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("the errors that count as a scope's cancellation (rule 4)", (everywhere) => {
  const outcomeOf = async (make: (op: Cancellable) => unknown): Promise<string> => {
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      op.cancel();
      throw make(op);
    });
    return outcome.status;
  };

  everywhere("the same error object and every error with it in the chain of causes count", async () => {
    expect(await outcomeOf((op) => op.token.error)).toBe("cancelled");
    expect(await outcomeOf((op) => new Error("wrapped", { cause: op.token.error }))).toBe("cancelled");
    expect(await outcomeOf((op) => new Error("twice", { cause: { cause: op.token.error } }))).toBe(
      "cancelled",
    );
  });

  everywhere("an AbortError of other code counts once the operation is cancelled (CONF-T03)", async () => {
    expect(await outcomeOf(() => new DOMException("x", "AbortError"))).toBe("cancelled");
    expect(await outcomeOf(() => new DOMException("x", "TimeoutError"))).toBe("failed");
    const alive = new Cancellable();
    const error = new DOMException("x", "AbortError");
    await expect(alive.settle(() => Promise.reject(error))).resolves.toEqual({ status: "failed", error });
  });

  everywhere("an error with the same text does not count", async () => {
    expect(await outcomeOf(() => new Error("AbortError: Operation cancelled manually"))).toBe("failed");
  });

  everywhere(
    "a CancellationError that the body constructs cancels the operation that it leaves (rule 30, PAR-CAN-44)",
    async () => {
      const op = new Cancellable();
      const error = new CancellationError("signal", "told to");
      const outcome = await op.settle(() => Promise.reject(error));
      expect(outcome).toEqual({ status: "cancelled", error });
      expect(op.context).toMatchObject({ cancelReason: "signal", cancelMessage: "told to" });
    },
  );

  everywhere(
    "the cancellation of another operation is a failure of an operation that is not cancelled",
    async () => {
      const outer = new Cancellable();
      const outcome = await outer.settle(() => Cancellable.withTimeout(5).run(() => sleepForever()));
      expect(outcome).toMatchObject({ status: "failed", error: { reason: "timeout" } });
    },
  );

  everywhere("cyclic causes and getters that throw do not count", async () => {
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

describeEverywhere("a cancelled scope and groups of errors", (everywhere) => {
  everywhere(
    "a group of errors without the scope's cancellation passes, and cancelledCaught stays false (CONF-B06)",
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

  everywhere("a group that contains only the scope's cancellation is absorbed (CONF-B08)", async () => {
    const scope = new CancelScope();
    const value = await scope.run(async () => {
      scope.cancel();
      const errors = [await rejection(sleep(1)), await rejection(sleep(1))];
      throw new AggregateError([new AggregateError(errors), errors[0]]);
    });
    expect([value, scope.cancelledCaught]).toEqual([undefined, true]);
  });

  everywhere("an error that wraps the scope's cancellation is absorbed (CONF-B28)", async () => {
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
});

describeEverywhere("the outcome of a cancelled operation (rule 4)", (everywhere) => {
  const foreign = (name: string): Error => Object.assign(new Error("of somebody"), { name });

  everywhere(
    "a body that throws the cancellation, an error caused by it, or an abort has been cancelled",
    async () => {
      const endings: ReadonlyArray<(own: unknown) => unknown> = [
        (own) => own,
        (own) => new Error("outer", { cause: new Error("inner", { cause: own }) }),
        () => new DOMException("This operation was aborted", "AbortError"),
      ];
      for (const ending of endings) {
        const op = new Cancellable();
        const outcome = await op.settle(() => {
          op.cancel("disconnect", "gone");
          throw ending(op.error);
        });
        expect(outcome.status === "cancelled" && outcome.error).toBe(op.error);
        expect(op.error).toBeInstanceOf(CancellationError);
        expect(op.context).toMatchObject({
          status: "cancelled",
          cancelReason: "disconnect",
          cancelMessage: "gone",
        });
      }
    },
  );

  everywhere("a body that throws any other error has failed with that error, whatever its text", async () => {
    for (const error of [new Error("gone"), Object.assign(foreign("TimeoutError"), { message: "gone" })]) {
      const op = new Cancellable();
      const outcome = await op.settle(() => {
        op.cancel("disconnect", "gone");
        throw error;
      });
      expect(outcome.status === "failed" && outcome.error).toBe(error);
      expect(op.context).toMatchObject({
        status: "failed",
        errorMessage: "gone",
        cancelReason: "disconnect",
      });
    }
  });

  everywhere("an abort in an operation that is not cancelled is an ordinary failure", async () => {
    for (const error of [new DOMException("aborted", "AbortError"), foreign("TimeoutError")]) {
      const op = new Cancellable();
      const outcome = await op.settle(() => {
        throw error;
      });
      expect(outcome.status === "failed" && outcome.error).toBe(error);
      expect(op.context.cancelRequested).toBe(false);
    }
  });

  everywhere("the cancellation of another token is an ordinary failure", async () => {
    const other = new CancellationToken();
    other.cancel();
    const outcome = await new Cancellable().settle(() => other.check());
    expect(outcome.status === "failed" && outcome.error).toBe(other.error);
  });
});
