import { Cancellable, CancelScope, moveOnAfter, run, sleepForever, taskGroup } from "@hother/cancelable";
import { cancellationOf, fromCancellable, toCancellable } from "@hother/cancelable-backends/effect";
import { Cause, Effect, Exit, Fiber } from "effect";
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

describe("toCancellable: effects in library code in effects", () => {
  test("an interruption of the outermost effect reaches the innermost one", async () => {
    const causes: Cause.Cause<unknown>[] = [];
    const op = new Cancellable();
    const fiber = Effect.runFork(
      fromCancellable(op, () => toCancellable(observed((seen) => causes.push(seen)))),
    );
    await turn();
    fiber.interruptUnsafe(3);
    const exit = await Effect.runPromise(Fiber.await(fiber));
    expect(Exit.hasInterrupts(exit)).toBe(true);
    expect(causes).toHaveLength(1);
    expect(cancellationOf(causes[0] as Cause.Cause<unknown>)?.reason).toBe("parent");
  });

  test("the effect is a child of the fiber that the library code runs in", async () => {
    const [inner, children] = await Effect.runPromise(
      fromCancellable(new Cancellable(), async () => {
        const around = Fiber.getCurrent();
        expect(around).toBeDefined();
        const started = deferred<Fiber.Fiber<unknown, unknown>>();
        const release = deferred();
        const work = toCancellable(
          Effect.withFiber((self) => {
            started.resolve(self);
            return Effect.promise(() => release.promise);
          }),
        );
        const child = await started.promise;
        const seen = childrenOf(around as Fiber.Fiber<unknown, unknown>);
        release.resolve();
        await work;
        return [child, seen] as const;
      }),
    );
    expect(children).toContain(inner);
  });

  test("on a backend of run() the effect is below the task that the library code runs in", async () => {
    await run(
      () =>
        taskGroup((group) => {
          group.startSoon(async () => {
            expect(await toCancellable(Effect.map(Effect.fiberId, () => "in a fiber"))).toBe("in a fiber");
          });
        }),
      { backend: "effect" },
    );
  });

  test("a task that fails with the effect's failure fails its group", async () => {
    const failure = new Error("typed");
    const ended: string[] = [];
    const error = await rejection(
      taskGroup(async (group) => {
        group.startSoon(() => toCancellable(Effect.fail(failure)));
        group.startSoon(() =>
          toCancellable(
            Effect.ensuring(
              Effect.never,
              Effect.sync(() => void ended.push("sibling")),
            ),
          ),
        );
        await sleepForever();
      }),
    );
    expect(error).toBe(failure);
    expect(ended).toEqual(["sibling"]);
  });
});

describe("toCancellable: fibers that the effect starts", () => {
  const slow = (order: string[]): Effect.Effect<void> =>
    Effect.promise(() =>
      new CancelScope().run(async () => {
        try {
          await sleepForever();
        } finally {
          order.push("cleaned");
        }
      }),
    );

  test("library code in a fiber that Effect interrupts is cancelled: Effect.timeout", async () => {
    const order: string[] = [];
    await toCancellable(Effect.timeoutOption(slow(order), 3));
    expect(order).toEqual(["cleaned"]);
  });

  test("library code in an effect that a body returned is cancelled: the loser of a race", async () => {
    const order: string[] = [];
    const program = fromCancellable(new Cancellable(), () =>
      Effect.race(slow(order), Effect.promise(() => turn()).pipe(Effect.as("won"))),
    );
    expect(await Effect.runPromise(program)).toBe("won");
    expect(order).toEqual(["cleaned"]);
  });

  test("a cancellation ends library code in all fibers", async () => {
    const order: string[] = [];
    const result = moveOnAfter(3, () =>
      toCancellable(Effect.all([slow(order), slow(order)], { concurrency: "unbounded" })),
    );
    expect(await result).toBeUndefined();
    expect(order).toEqual(["cleaned", "cleaned"]);
  });
});

function childrenOf(fiber: Fiber.Fiber<unknown, unknown>): unknown[] {
  return [...((fiber as unknown as { _children?: Set<unknown> })._children ?? [])];
}
