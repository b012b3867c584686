import { Cancellable, type CancellationError, shield, sleep, sleepForever } from "@hother/cancelable";
import { cancellationOf, fromCancellable } from "@hother/cancelable-backends/effect";
import { Cause, Effect, Exit, Fiber } from "effect";
import { describe, expect, test } from "vitest";
import { deferred, turn } from "../support.ts";

function causeIn<A, E>(exit: Exit.Exit<A, E>): Cause.Cause<E> {
  return Exit.isFailure(exit) ? exit.cause : expect.fail("it should have failed");
}

const defects = (cause: Cause.Cause<unknown>): unknown[] =>
  cause.reasons.filter(Cause.isDieReason).map((reason) => reason.defect);

describe("fromCancellable: interruption", () => {
  test("the operation is cancelled with reason `parent`, and the error names the interrupting fiber", async () => {
    const op = new Cancellable();
    const started = deferred();
    const [exit, id, by] = await Effect.runPromise(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          fromCancellable(op, async () => {
            started.resolve();
            await sleepForever();
          }),
        );
        yield* Effect.promise(() => started.promise);
        yield* Fiber.interrupt(fiber);
        return [yield* Fiber.await(fiber), fiber.id, yield* Effect.fiberId] as const;
      }),
    );
    expect(Cause.hasInterruptsOnly(causeIn(exit))).toBe(true);
    expect(op.token.error).toMatchObject({
      reason: "parent",
      message: `Effect fiber #${id} was interrupted by fiber #${by}`,
    });
    expect(op.context.status).toBe("cancelled");
  });

  test("without an interrupting fiber the error names only the interrupted fiber", async () => {
    const op = new Cancellable();
    const fiber = Effect.runFork(fromCancellable(op, () => sleepForever()));
    await turn();
    fiber.interruptUnsafe();
    await Effect.runPromise(Fiber.await(fiber));
    expect(op.token.message).toBe(`Effect fiber #${fiber.id} was interrupted`);
  });

  test("the interruption waits for slow clean-up under a shield, also a second interruption", async () => {
    const op = new Cancellable();
    const cleaning = deferred();
    const release = deferred();
    let cleaned = false;
    const fiber = Effect.runFork(
      fromCancellable(op, async () => {
        try {
          await sleepForever();
        } finally {
          await shield(async () => {
            cleaning.resolve();
            await release.promise;
            await sleep(1);
          });
          cleaned = true;
        }
      }),
    );
    await turn();
    fiber.interruptUnsafe(1001);
    await cleaning.promise;
    fiber.interruptUnsafe(1002);
    const second = Effect.runPromise(Fiber.interrupt(fiber));
    await turn();
    expect(fiber.pollUnsafe()).toBeUndefined();
    expect(cleaned).toBe(false);
    release.resolve();
    const exit = await Effect.runPromise(Fiber.await(fiber));
    await second;
    expect(cleaned).toBe(true);
    expect(Cause.hasInterruptsOnly(causeIn(exit))).toBe(true);
    expect(op.token.message).toBe(`Effect fiber #${fiber.id} was interrupted by fiber #1001`);
  });

  test("an error in the clean-up is a defect beside the interruption", async () => {
    const broken = new Error("could not release");
    const fiber = Effect.runFork(
      fromCancellable(new Cancellable(), async () => {
        try {
          await sleepForever();
        } finally {
          await shield(() => sleep(1));
          throw broken;
        }
      }),
    );
    await turn();
    fiber.interruptUnsafe(1);
    const cause = causeIn(await Effect.runPromise(Fiber.await(fiber)));
    expect(Cause.hasInterrupts(cause)).toBe(true);
    expect(defects(cause)).toEqual([broken]);
  });

  test("a body that swallows the cancellation has ended before the fiber", async () => {
    const op = new Cancellable();
    const fiber = Effect.runFork(fromCancellable(op, () => sleepForever().catch(() => "kept")));
    await turn();
    fiber.interruptUnsafe();
    const exit = await Effect.runPromise(Fiber.await(fiber));
    expect(Cause.hasInterruptsOnly(causeIn(exit))).toBe(true);
    expect(op.context.status).toBe("completed");
  });

  test("an effect that the body returned is interrupted once, with its finalizers", async () => {
    const op = new Cancellable();
    const finalized: string[] = [];
    const fiber = Effect.runFork(
      fromCancellable(op, () =>
        Effect.never.pipe(
          Effect.onInterrupt(() =>
            Effect.promise(async () => {
              await turn();
              finalized.push("inner");
            }),
          ),
        ),
      ),
    );
    await turn();
    fiber.interruptUnsafe(9);
    const cause = causeIn(await Effect.runPromise(Fiber.await(fiber)));
    expect(finalized).toEqual(["inner"]);
    expect(Cause.hasInterruptsOnly(cause)).toBe(true);
    expect(op.token.reason).toBe("parent");
  });

  test("an uninterruptible region is not interrupted", async () => {
    const release = deferred();
    const op = new Cancellable();
    const fiber = Effect.runFork(Effect.uninterruptible(fromCancellable(op, () => release.promise)));
    await turn();
    fiber.interruptUnsafe();
    await turn();
    expect(op.isCancelled).toBe(false);
    release.resolve();
    await Effect.runPromise(Fiber.await(fiber));
    expect(op.context.status).toBe("completed");
  });

  test("a loser of a race has cleaned up when the race ends", async () => {
    const order: string[] = [];
    const loser = fromCancellable(new Cancellable(), async () => {
      try {
        await sleepForever();
      } finally {
        await shield(() => sleep(2));
        order.push("cleaned");
      }
    });
    const winner = Effect.promise(() => turn()).pipe(Effect.as("won"));
    order.push(String(await Effect.runPromise(Effect.race(loser, winner))));
    expect(order).toEqual(["cleaned", "won"]);
  });

  test("a failure beside the operation in Effect.all interrupts it, and comes out after the clean-up", async () => {
    const order: string[] = [];
    const exit = await Effect.runPromiseExit(
      Effect.all(
        [
          fromCancellable(new Cancellable(), async () => {
            try {
              await sleepForever();
            } finally {
              await shield(() => sleep(2));
              order.push("cleaned");
            }
          }),
          Effect.delay(Effect.fail("beside it" as const), 1),
        ],
        { concurrency: "unbounded" },
      ),
    );
    order.push("ended");
    expect(order).toEqual(["cleaned", "ended"]);
    expect(Cause.squash(causeIn(exit))).toBe("beside it");
  });

  test("an interruption in any microtask around the end of the body ends the fiber", async () => {
    for (let microtasks = 0; microtasks < 8; microtasks++) {
      const op = new Cancellable();
      const work = deferred<number>();
      const fiber = Effect.runFork(fromCancellable(op, () => work.promise));
      await turn();
      work.resolve(1);
      for (let i = 0; i < microtasks; i++) await undefined;
      fiber.interruptUnsafe();
      const exit = await Effect.runPromise(Fiber.await(fiber));
      expect(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)).toBe(true);
      expect(op.context.status).toBe("completed");
    }
  });

  test("Effect.timeout ends the operation with its clean-up", async () => {
    const op = new Cancellable();
    const program = Effect.timeoutOption(
      fromCancellable(op, () => sleepForever()),
      5,
    );
    await Effect.runPromise(program);
    expect(op.token.reason).toBe("parent");
    expect(op.context.status).toBe("cancelled");
  });

  test("an interruption between the start and the body's first await is not lost", async () => {
    const op = new Cancellable();
    const exit = await Effect.runPromiseExit(
      Effect.withFiber((fiber) =>
        fromCancellable(op, async () => {
          // The fiber is interrupted while it runs. It notices that when the body yields.
          fiber.interruptUnsafe(5);
          await sleepForever();
        }),
      ),
    );
    expect(Cause.hasInterruptsOnly(causeIn(exit))).toBe(true);
    expect(op.token.reason).toBe("parent");
  });

  test("the operation's error can be read from the cause when a scope interrupted the fiber", async () => {
    const op = new Cancellable();
    let seen: CancellationError | undefined;
    await Effect.runPromiseExit(
      fromCancellable(op, () =>
        Effect.onExit(
          Effect.promise(async () => {
            op.cancel("disconnect", "the client left");
            await sleepForever();
          }),
          (exit) =>
            Effect.sync(() => {
              seen = cancellationOf(causeIn(exit));
            }),
        ),
      ),
    );
    expect(seen).toBe(op.token.error);
  });
});

describe("fromCancellable: a failing clean-up in an effect that the body returned", () => {
  const broken = [new Error("first finalizer"), new Error("second finalizer")];
  const failing = Effect.never.pipe(
    Effect.ensuring(Effect.die(broken[0])),
    Effect.ensuring(Effect.die(broken[1])),
  );

  test("a cancellation of the operation gives all failures", async () => {
    const op = new Cancellable();
    const fiber = Effect.runFork(fromCancellable(op, () => failing));
    await turn();
    op.cancel("manual");
    const cause = causeIn(await Effect.runPromise(Fiber.await(fiber)));
    expect(defects(cause)).toEqual(broken);
    // No fiber interrupted this fiber.
    expect(Cause.hasInterrupts(cause)).toBe(false);
    expect(op.context.cancelReason).toBe("manual");
  });

  test("an interruption gives all failures beside the interruption", async () => {
    const fiber = Effect.runFork(fromCancellable(new Cancellable(), () => failing));
    await turn();
    fiber.interruptUnsafe();
    const cause = causeIn(await Effect.runPromise(Fiber.await(fiber)));
    expect(defects(cause)).toEqual(broken);
    expect(Cause.hasInterrupts(cause)).toBe(true);
  });
});
