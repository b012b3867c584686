import {
  Cancellable,
  CancelScope,
  currentOperation,
  detectBackend,
  getBackend,
  moveOnAfter,
  run,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "@hother/cancelable";
import { effectBackend } from "@hother/cancelable-backends/effect";
import { Effect, Exit, Fiber } from "effect";
import { describe, expect, test } from "vitest";
import { deferred, turn } from "../support.ts";

describe("library code in a raw fiber, before the first await", () => {
  test("Effect is detected, and no operation is ambient outside", async () => {
    expect(detectBackend()).toBe(getBackend("native"));
    expect(getBackend("effect")).toBe(effectBackend);
    expect(await Effect.runPromise(Effect.sync(() => detectBackend().name))).toBe("effect");
    expect(await Effect.runPromise(Effect.promise(async () => detectBackend().name))).toBe("effect");
    expect(detectBackend()).toBe(getBackend("native"));
  });

  test("inside a scope Effect is detected, also after an await", async () => {
    const seen = await Effect.runPromise(
      Effect.promise(() =>
        new CancelScope().run(async () => {
          await turn();
          const inScope = detectBackend().name;
          const inRun = await run(async () => {
            await turn();
            return detectBackend().name;
          });
          const op = new Cancellable();
          const inOp = await op.run(async () => {
            await turn();
            return currentOperation() === op;
          });
          return [inScope, inRun, inOp];
        }),
      ),
    );
    expect(seen).toEqual(["effect", "effect", true]);
  });

  test("without the layer, code after an await of a plain promise is not detected (difference)", async () => {
    const name = await Effect.runPromise(
      Effect.promise(async () => {
        await turn();
        return detectBackend().name;
      }),
    );
    expect(name).toBe("native");
  });

  test("the fiber's interruption ends a sleep, waits for slow clean-up, and is named in the error", async () => {
    const order: string[] = [];
    let error: unknown;
    const fiber = Effect.runFork(
      Effect.promise(() =>
        new CancelScope().run(async () => {
          try {
            await sleepForever();
          } catch (thrown) {
            error = thrown;
            throw thrown;
          } finally {
            await shield(() => sleep(2));
            order.push("cleaned");
          }
        }),
      ),
    );
    await turn();
    fiber.interruptUnsafe(12);
    const exit = await Effect.runPromise(Fiber.await(fiber));
    order.push("fiber ended");
    expect(order).toEqual(["cleaned", "fiber ended"]);
    expect(Exit.hasInterrupts(exit)).toBe(true);
    expect(error).toMatchObject({
      reason: "parent",
      message: `Effect fiber #${fiber.id} was interrupted by fiber #12`,
    });
  });

  test("a second interruption waits as well", async () => {
    const release = deferred();
    let cleaned = false;
    const fiber = Effect.runFork(
      Effect.promise(() =>
        moveOnAfter({ hours: 1 }, async () => {
          try {
            await sleepForever();
          } finally {
            await shield(() => release.promise);
            cleaned = true;
          }
        }),
      ),
    );
    await turn();
    fiber.interruptUnsafe();
    await turn();
    fiber.interruptUnsafe();
    await turn();
    expect(fiber.pollUnsafe()).toBeUndefined();
    release.resolve();
    await Effect.runPromise(Fiber.await(fiber));
    expect(cleaned).toBe(true);
  });

  test("Cancellable.run is cancelled with reason `parent`", async () => {
    const op = new Cancellable();
    const fiber = Effect.runFork(Effect.promise(() => op.run(() => sleepForever())));
    await turn();
    fiber.interruptUnsafe();
    await Effect.runPromise(Fiber.await(fiber));
    expect(op.token.reason).toBe("parent");
    expect(op.context.status).toBe("cancelled");
  });

  test("a bare sleep rejects when the fiber is interrupted", async () => {
    const slept = deferred<unknown>();
    const fiber = Effect.runFork(
      Effect.promise(() => {
        const sleeping = sleep({ hours: 1 });
        sleeping.then(slept.resolve, slept.resolve);
        return sleeping;
      }),
    );
    await turn();
    fiber.interruptUnsafe();
    await Effect.runPromise(Fiber.await(fiber));
    expect(await slept.promise).toMatchObject({ reason: "parent" });
  });

  test("the tasks of a group are children of the fiber", async () => {
    const seen = await Effect.runPromise(
      Effect.withFiber((fiber) =>
        Effect.promise(async () => {
          let child: unknown;
          await taskGroup((group) => {
            group.startSoon(async () => {
              child = [...((fiber as unknown as { _children: Set<unknown> })._children ?? [])].includes(
                Fiber.getCurrent(),
              );
            });
          });
          return child;
        }),
      ),
    );
    expect(seen).toBe(true);
  });

  test("operations that still run when the fiber ends are cancelled and waited for", async () => {
    const op = new Cancellable();
    let cleaned = false;
    const program = Effect.sync(() => {
      void op
        .run(async () => {
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(1));
            cleaned = true;
          }
        })
        .catch(() => {});
    });
    const exit = await Effect.runPromiseExit(Effect.as(program, "value"));
    expect(cleaned).toBe(true);
    // The fiber has its value all the same.
    expect(exit).toEqual(Exit.succeed("value"));
    expect(op.token.error).toMatchObject({ reason: "parent" });
    expect((op.token.error?.cause as Error).message).toMatch(/^Effect fiber #\d+ has ended$/);
  });
});
