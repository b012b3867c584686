import {
  Cancellable,
  CancelScope,
  currentOperation,
  detectBackend,
  shield,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import { fromCancellable, toCancellable } from "@hother/cancelable-backends/effect";
import { Cause, Deferred, Effect, Exit, Fiber } from "effect";
import { describe, expect, test } from "vitest";
import { deferred, turn } from "../support.ts";

describe("the order in which Effect does things", () => {
  const slow = (order: string[]) => async (): Promise<void> => {
    try {
      await sleepForever();
    } finally {
      await shield(() => sleep(1));
      order.push("library code has cleaned up");
    }
  };

  test("finalizers of an interrupted fiber run after fromCancellable, but before a raw promise (difference)", async () => {
    const raw: string[] = [];
    const bridged: string[] = [];
    for (const [order, effect] of [
      [raw, Effect.promise(() => new CancelScope().run(slow(raw)))],
      [bridged, fromCancellable(new Cancellable(), slow(bridged))],
    ] as const) {
      const fiber = Effect.runFork(
        Effect.ensuring(
          effect,
          Effect.sync(() => void order.push("finalizer")),
        ),
      );
      await turn();
      fiber.interruptUnsafe();
      await Effect.runPromise(Fiber.await(fiber));
    }
    expect(bridged).toEqual(["library code has cleaned up", "finalizer"]);
    expect(raw).toEqual(["finalizer", "library code has cleaned up"]);
  });

  test("an error in the clean-up of a raw promise is lost (difference)", async () => {
    const fiber = Effect.runFork(
      Effect.promise(() =>
        new CancelScope().run(async () => {
          try {
            await sleepForever();
          } finally {
            throw new Error("could not release");
          }
        }),
      ),
    );
    await turn();
    fiber.interruptUnsafe();
    const exit = await Effect.runPromise(Fiber.await(fiber));
    expect(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true);
  });

  test("a fiber that the operation of another fiber wakes is not in that operation", async () => {
    const gate = Deferred.makeUnsafe<void>();
    const seen = await Effect.runPromise(
      Effect.gen(function* () {
        const waiting = yield* Effect.forkChild(
          Effect.andThen(
            Deferred.await(gate),
            Effect.sync(() => currentOperation()),
          ),
          { startImmediately: true },
        );
        yield* fromCancellable(new Cancellable(), () => void Deferred.doneUnsafe(gate, Effect.void));
        return yield* Fiber.join(waiting);
      }),
    );
    expect(seen).toBeUndefined();
  });

  test("finalizers may use library code", async () => {
    const order: string[] = [];
    const fiber = Effect.runFork(
      Effect.ensuring(
        Effect.never,
        Effect.promise(async () => {
          await sleep(1);
          order.push("slept");
        }),
      ),
    );
    await turn();
    fiber.interruptUnsafe();
    await Effect.runPromise(Fiber.await(fiber));
    expect(order).toEqual(["slept"]);
  });

  test("a raw promise that runs an effect of its own ends once, together with the effect", async () => {
    let finalized = 0;
    const fiber = Effect.runFork(
      Effect.promise(() =>
        toCancellable(
          Effect.ensuring(
            Effect.never,
            Effect.sync(() => void finalized++),
          ),
        ),
      ),
    );
    await turn();
    fiber.interruptUnsafe();
    await Effect.runPromise(Fiber.await(fiber));
    expect(finalized).toBe(1);
  });

  test("library code that has to wait is refused in Effect.runSync, as Effect refuses it (difference)", async () => {
    const op = new Cancellable();
    const ended = deferred<unknown>();
    const program = Effect.sync(() => {
      op.run(() => sleepForever()).then(ended.resolve, ended.resolve);
    });
    expect(() => Effect.runSync(program)).toThrow("An asynchronous Effect was executed with Effect.runSync");
    expect(await ended.promise).toMatchObject({ reason: "parent" });
    // Code that only reads the ambient scope is accepted.
    expect(Effect.runSync(Effect.sync(() => detectBackend().name))).toBe("effect");
  });
});
