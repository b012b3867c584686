import { Cancellable, detectBackend, run, sleepForever, taskGroup } from "@hother/cancelable";
import { fromCancellable, toCancellable } from "@hother/cancelable-backends/effect";
import { Context, Effect, Exit, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { describe, expect, test } from "vitest";
import { turn } from "../support.ts";

const Level = Context.Reference<number>("test/Level", { defaultValue: () => 0 });

const childrenOf = (fiber: Fiber.Fiber<unknown, unknown>): unknown[] => [
  ...((fiber as unknown as { _children?: Set<unknown> })._children ?? []),
];

/** Operations that have their place in the tree before the fiber runs them. */
const operations: ReadonlyArray<readonly [string, () => Cancellable]> = [
  ["one without a parent", () => new Cancellable({ parent: null })],
  ["one below another operation", () => new Cancellable({ parent: new Cancellable({ name: "above" }) })],
];

describe("run() in a fiber", () => {
  test("main runs in a child of the fiber, with the fiber's services and clock", async () => {
    const program = Effect.withFiber((fiber) =>
      fromCancellable(new Cancellable(), () =>
        run(async () => {
          const main = Fiber.getCurrent();
          expect(childrenOf(fiber)).toContain(main);
          return toCancellable(Level);
        }),
      ),
    );
    expect(await Effect.runPromise(Effect.provideService(program, Level, 5))).toBe(5);
  });

  test("two programs on one clock do not share their services", async () => {
    const look = fromCancellable(new Cancellable(), () =>
      run(async () => {
        const seen: number[] = [];
        await taskGroup((group) => {
          group.startSoon(async () => void seen.push(await toCancellable(Level)));
        });
        return seen[0];
      }),
    );
    const again = fromCancellable(new Cancellable(), () => run(() => toCancellable(Level)));
    const both = Effect.gen(function* () {
      return [yield* Effect.provideService(look, Level, 1), yield* Effect.provideService(again, Level, 2)];
    });
    expect(await Effect.runPromise(Effect.provide(both, TestClock.layer()))).toEqual([1, 2]);
  });
});

describe("an operation that has its place in the tree already", () => {
  for (const [name, create] of operations) {
    test(`${name}: an effect that the body returns has the fiber's services and is a child of the fiber`, async () => {
      const program = Effect.withFiber((fiber) =>
        fromCancellable(create(), () =>
          Effect.withFiber((inner) =>
            Effect.map(Level, (level) => [level, childrenOf(fiber).includes(inner)]),
          ),
        ),
      );
      expect(await Effect.runPromise(Effect.provideService(program, Level, 5))).toEqual([5, true]);
    });

    test(`${name}: an interruption cancels the operation and waits`, async () => {
      const op = create();
      const fiber = Effect.runFork(fromCancellable(op, () => sleepForever()));
      await turn();
      fiber.interruptUnsafe();
      const exit = await Effect.runPromise(Fiber.await(fiber));
      expect(Exit.hasInterrupts(exit)).toBe(true);
      expect(op.context.status).toBe("cancelled");
      expect(op.token.reason).toBe("parent");
    });
  }

  test("the operation stays on the runtime of its place (difference)", async () => {
    const above = new Cancellable({ name: "above" });
    const op = new Cancellable({ parent: above });
    const seen = await Effect.runPromise(fromCancellable(op, () => detectBackend().name));
    expect(seen).toBe("native");
  });
});
