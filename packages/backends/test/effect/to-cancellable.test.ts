import {
  Cancellable,
  CancellationError,
  CancelScope,
  currentOperation,
  isCancellation,
  moveOnAfter,
  ParentCancellation,
  sleep,
} from "@hother/cancelable";
import { CancelledBy, cancellationOf, toCancellable } from "@hother/cancelable-backends/effect";
import { Cause, Context, Effect, Exit, Fiber, Option } from "effect";
import { describe, expect, test } from "vitest";
import { deferred, rejection, turn } from "../support.ts";

/** Never ends. Records the interruption after a clean-up that takes time. */
function observed(seen: (cause: Cause.Cause<unknown>) => void): Effect.Effect<never> {
  return Effect.onExit(Effect.never, (exit) =>
    Effect.promise(async () => {
      await turn();
      if (Exit.isFailure(exit)) seen(exit.cause);
    }),
  );
}

describe("toCancellable: results", () => {
  test("the value comes out outside every operation", async () => {
    expect(await toCancellable(Effect.succeed(42))).toBe(42);
    expect(await toCancellable(Effect.delay(Effect.succeed("later"), 1))).toBe("later");
  });

  test("a typed failure and a defect come out unchanged", async () => {
    const failure = { _tag: "NotFound" };
    expect(await rejection(toCancellable(Effect.fail(failure)))).toBe(failure);
    const wrong = new RangeError("wrong");
    expect(await rejection(toCancellable(Effect.die(wrong)))).toBe(wrong);
  });

  test("an operation that has not started is run with the effect as its body", async () => {
    const op = new Cancellable();
    expect(await toCancellable(Effect.succeed(1), op)).toBe(1);
    expect(op.context.status).toBe("completed");
  });

  test("with a cancelled operation the effect does not start", async () => {
    const op = new Cancellable();
    op.cancel();
    let started = false;
    const effect = Effect.sync(() => {
      started = true;
    });
    expect(await rejection(toCancellable(effect, op))).toBe(op.token.error);
    expect(started).toBe(false);
  });

  test("library code in the effect is in the operation", async () => {
    const op = new Cancellable();
    const seen = await toCancellable(
      Effect.promise(async () => {
        await sleep(1);
        return currentOperation();
      }),
      op,
    );
    expect(seen).toBe(op);
  });

  test("wrong arguments are refused", () => {
    expect(() => toCancellable({} as Effect.Effect<void>)).toThrow("effect must be an Effect; got object");
    expect(() => toCancellable(Effect.void, {} as Cancellable)).toThrow("op must be a Cancellable");
  });
});

describe("toCancellable: cancellation by the library", () => {
  test("a cancellation interrupts the effect and waits for its finalizers, and the cause names the cancellation", async () => {
    const op = new Cancellable();
    let cause: Cause.Cause<unknown> | undefined;
    const running = rejection(
      toCancellable(
        observed((seen) => (cause = seen)),
        op,
      ),
    );
    await turn();
    op.cancel("disconnect", "the client left");
    expect(await running).toBe(op.token.error);
    expect(cause).toBeDefined();
    expect(Cause.hasInterruptsOnly(cause as Cause.Cause<unknown>)).toBe(true);
    const seen = cancellationOf(cause as Cause.Cause<unknown>);
    expect(seen).toBeInstanceOf(CancellationError);
    expect(isCancellation(seen, op.token)).toBe(true);
    expect(
      Option.getOrUndefined(
        Context.getOption(
          Cause.annotations(cause as Cause.Cause<unknown>) as Context.Context<never>,
          CancelledBy,
        ),
      ),
    ).toBe(seen);
  });

  test("the effect of a running operation ends with the operation, and does not end the operation", async () => {
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      expect(await toCancellable(Effect.succeed(1), op)).toBe(1);
      const forever = toCancellable(Effect.never, op);
      op.cancel("shutdown");
      await forever;
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
  });

  test("moveOnAfter around the effect ends it after its finalizers", async () => {
    let cause: Cause.Cause<unknown> | undefined;
    const result = await moveOnAfter(3, () => toCancellable(observed((seen) => (cause = seen))));
    expect(result).toBeUndefined();
    expect(cancellationOf(cause as Cause.Cause<unknown>)?.reason).toBe("timeout");
  });

  test("a typed failure or a defect during the clean-up comes out", async () => {
    const broken = new Error("could not release");
    const op = new Cancellable();
    const running = rejection(toCancellable(Effect.ensuring(Effect.never, Effect.die(broken)), op));
    await turn();
    op.cancel();
    expect(await running).toBe(broken);
    expect(op.context.status).toBe("failed");
    expect(op.context.cancelRequested).toBe(true);
  });

  test("an uninterruptible region runs to its end, and Effect then ends the fiber", async () => {
    const scope = new CancelScope();
    let ended = false;
    const effect = Effect.promise(async () => {
      await turn();
      ended = true;
      return "value";
    });
    const result = scope.run(() => toCancellable(Effect.uninterruptible(effect)));
    scope.cancel();
    expect(await result).toBeUndefined();
    expect(ended).toBe(true);
  });

  test("two cancellations interrupt the effect once, with the first reason", async () => {
    const causes: Cause.Cause<unknown>[] = [];
    const op = new Cancellable();
    const running = rejection(
      toCancellable(
        observed((seen) => causes.push(seen)),
        op,
      ),
    );
    await turn();
    op.cancel("manual", "first");
    op.cancel("manual", "second");
    expect(await running).toMatchObject({ message: "first" });
    expect(causes).toHaveLength(1);
    expect(cancellationOf(causes[0] as Cause.Cause<unknown>)?.message).toBe("first");
  });

  test("after the effect has ended nothing is left to cancel", async () => {
    const op = new Cancellable();
    await op.run(async () => {
      const fiber = await toCancellable(
        Effect.withFiber((self) => Effect.succeed(self)),
        op,
      );
      expect(fiber.pollUnsafe()).toBeDefined();
    });
    expect(op.cancel()).toBe(false);
    expect(op.context.status).toBe("completed");
  });
});

describe("toCancellable: interruption by other code", () => {
  test("the interruption is a ParentCancellation that names both fibers", async () => {
    const fiber = deferred<Fiber.Fiber<unknown, unknown>>();
    const running = rejection(
      toCancellable(
        Effect.withFiber((self) => {
          fiber.resolve(self);
          return Effect.never;
        }),
      ),
    );
    const inner = await fiber.promise;
    inner.interruptUnsafe(4711);
    const error = await running;
    expect(error).toBeInstanceOf(ParentCancellation);
    expect(error).toMatchObject({
      reason: "parent",
      message: `Effect fiber #${inner.id} was interrupted by fiber #4711`,
    });
  });

  test("an effect that interrupts itself gives a ParentCancellation", async () => {
    expect(await rejection(toCancellable(Effect.interrupt))).toBeInstanceOf(ParentCancellation);
  });

  test("a cause without an interruption by the library contains no cancellation", async () => {
    const exit = await Effect.runPromiseExit(Effect.interrupt);
    expect(Exit.isFailure(exit) && cancellationOf(exit.cause)).toBeUndefined();
    expect(cancellationOf(Cause.die(new Error("unrelated")))).toBeUndefined();
  });
});
