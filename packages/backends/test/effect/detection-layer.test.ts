import {
  Cancellable,
  CancelScope,
  currentOperation,
  detectBackend,
  shield,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import { fromCancellable, layer } from "@hother/cancelable-backends/effect";
import { Cause, Effect, Exit, Fiber, Tracer } from "effect";
import { describe, expect, test } from "vitest";
import { deferred, turn } from "../support.ts";

const withLayer = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> => Effect.provide(effect, layer);

describe("library code in a raw fiber, with the layer", () => {
  test("Effect is detected after every await of a plain promise", async () => {
    const names = await Effect.runPromise(
      withLayer(
        Effect.promise(async () => {
          await turn();
          const first = detectBackend().name;
          await turn();
          return [first, detectBackend().name];
        }),
      ),
    );
    expect(names).toEqual(["effect", "effect"]);
  });

  test("the interruption of the fiber ends a sleep after an await", async () => {
    const ended = deferred<unknown>();
    const reached = deferred();
    const fiber = Effect.runFork(
      withLayer(
        Effect.promise(async () => {
          await turn();
          reached.resolve();
          await sleep({ hours: 1 }).then(ended.resolve, ended.resolve);
        }),
      ),
    );
    await reached.promise;
    fiber.interruptUnsafe();
    await Effect.runPromise(Fiber.await(fiber));
    expect(await ended.promise).toMatchObject({ reason: "parent" });
  });

  test("an operation after an await is waited for", async () => {
    const reached = deferred();
    let cleaned = false;
    const fiber = Effect.runFork(
      withLayer(
        Effect.promise(async () => {
          await turn();
          await new Cancellable().run(async () => {
            reached.resolve();
            try {
              await sleepForever();
            } finally {
              await shield(() => sleep(1));
              cleaned = true;
            }
          });
        }),
      ),
    );
    await reached.promise;
    fiber.interruptUnsafe();
    await Effect.runPromise(Fiber.await(fiber));
    expect(cleaned).toBe(true);
  });

  test("two concurrent fibers each have their own ambient scope", async () => {
    const ops = [new Cancellable({ name: "a" }), new Cancellable({ name: "b" })];
    const look = (op: Cancellable) =>
      fromCancellable(op, async () => {
        for (let i = 0; i < 5; i++) await turn();
        return currentOperation();
      });
    const seen = await Effect.runPromise(
      Effect.provide(Effect.all(ops.map(look), { concurrency: 2 }).pipe(Effect.orDie), layer),
    );
    expect(seen).toEqual(ops);
  });

  test("interrupting one of two fibers does not affect the other fiber's code", async () => {
    const release = deferred();
    const reached = [deferred(), deferred()];
    const body = (i: number): Effect.Effect<string> =>
      Effect.promise(async () => {
        await turn();
        reached[i]?.resolve();
        await new CancelScope().run(() => (i === 0 ? sleepForever() : release.promise));
        await sleep(1);
        return `fiber ${i}`;
      });
    const [first, second] = [0, 1].map((i) => Effect.runFork(withLayer(body(i)))) as [
      Fiber.Fiber<string>,
      Fiber.Fiber<string>,
    ];
    await Promise.all(reached.map((r) => r.promise));
    first.interruptUnsafe();
    await Effect.runPromise(Fiber.await(first));
    release.resolve();
    expect(await Effect.runPromise(Fiber.join(second))).toBe("fiber 1");
  });

  test("an existing tracer is kept", async () => {
    const names: string[] = [];
    let evaluated = 0;
    const tracer = Tracer.make({
      span(options) {
        names.push(options.name);
        return new Tracer.NativeSpan(options);
      },
      context(primitive, fiber) {
        evaluated++;
        return primitive["~effect/Effect/evaluate"](fiber);
      },
    });
    const program = Effect.promise(async () => {
      await turn();
      return detectBackend().name;
    }).pipe(Effect.withSpan("traced"));
    const name = await Effect.runPromise(program.pipe(Effect.provide(layer), Effect.withTracer(tracer)));
    expect([name, names]).toEqual(["effect", ["traced"]]);
    expect(evaluated).toBeGreaterThan(0);
  });

  test("Effect's own errors, defects and interruptions come out unchanged", async () => {
    expect(await Effect.runPromiseExit(withLayer(Effect.fail("typed")))).toEqual(Exit.fail("typed"));
    const wrong = new Error("wrong");
    const exit = await Effect.runPromiseExit(
      withLayer(
        Effect.sync(() => {
          throw wrong;
        }),
      ),
    );
    expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toBe(wrong);
  });

  test("the ambient scope of the fiber exists only while the fiber runs", async () => {
    await Effect.runPromise(withLayer(Effect.promise(() => turn())));
    expect(detectBackend().name).toBe("native");
    expect(currentOperation()).toBeUndefined();
  });
});

describe("a fiber that is started in an operation", () => {
  test("without the layer the fiber's interruption does not reach library code in it (difference)", async () => {
    const op = new Cancellable();
    const release = deferred<string>();
    const inner = new CancelScope();
    await op.run(async () => {
      const fiber = Effect.runFork(Effect.promise(() => inner.run(() => release.promise)));
      fiber.interruptUnsafe();
      await Effect.runPromise(Fiber.await(fiber));
      expect(inner.isCancelled).toBe(false);
      release.resolve("ended by itself");
    });
  });

  test("with the layer the fiber's interruption reaches library code in it and waits for it", async () => {
    let cleaned = false;
    await new Cancellable().run(async () => {
      const fiber = Effect.runFork(
        withLayer(
          Effect.promise(() =>
            new CancelScope().run(async () => {
              try {
                await sleepForever();
              } finally {
                await shield(() => sleep(1));
                cleaned = true;
              }
            }),
          ),
        ),
      );
      await turn();
      fiber.interruptUnsafe();
      await Effect.runPromise(Fiber.await(fiber));
      expect(cleaned).toBe(true);
    });
  });

  test("library code in the fiber belongs to the operation and ends with it", async () => {
    const op = new Cancellable();
    let fiber: Fiber.Fiber<unknown, unknown> | undefined;
    const outcome = await op.settle(async () => {
      fiber = Effect.runFork(
        Effect.promise(async () => {
          expect(currentOperation()).toBe(op);
          op.cancel("shutdown");
          await sleepForever();
        }),
      );
      await Effect.runPromise(Fiber.await(fiber));
      op.check();
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
    expect(fiber?.pollUnsafe()).toBeDefined();
  });
});
