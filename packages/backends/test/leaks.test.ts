import { Cancellable, CancelScope, taskGroup } from "@hother/cancelable";
import { fromCancellable, layer, toCancellable } from "@hother/cancelable-backends/effect";
import { Effect, type Fiber } from "effect";
import { describe, expect, test } from "vitest";
import { runChild } from "./child.ts";
import { turn } from "./support.ts";

interface Internals {
  readonly _children?: Set<unknown>;
  readonly _observers?: unknown[];
}

/** The numbers of a fiber's children and observers. */
const weight = (fiber: Fiber.Fiber<unknown, unknown>): number[] => {
  const { _children, _observers } = fiber as unknown as Internals;
  return [_children?.size ?? 0, _observers?.length ?? 0];
};

describe("a long-lived fiber does not grow after many calls of library code", () => {
  const pieces: ReadonlyArray<readonly [string, () => Effect.Effect<unknown, unknown>]> = [
    ["fromCancellable", () => fromCancellable(new Cancellable(), () => turn())],
    ["fromCancellable of an effect", () => fromCancellable(new Cancellable(), () => Effect.yieldNow)],
    ["a raw promise", () => Effect.promise(() => new CancelScope().run(() => turn()))],
    ["toCancellable in it", () => Effect.promise(() => toCancellable(Effect.yieldNow))],
    [
      "groups",
      () =>
        Effect.promise(() =>
          taskGroup((group) => {
            group.startSoon(() => turn());
            group.startSoon(() => turn());
          }),
        ),
    ],
    ["cancelled operations", () => Effect.exit(fromCancellable(Cancellable.withTimeout(0), () => turn()))],
  ];
  for (const [name, piece] of pieces) {
    for (const provided of [false, true]) {
      test(`${name}${provided ? ", with the layer" : ""}`, async () => {
        const program = Effect.gen(function* () {
          const fiber = yield* Effect.withFiber((self) => Effect.succeed(self));
          const measure = Effect.promise(() => turn()).pipe(Effect.map(() => weight(fiber)));
          yield* piece();
          const before = yield* measure;
          for (let i = 0; i < 50; i++) yield* piece();
          expect(yield* measure).toEqual(before);
        });
        await Effect.runPromise(provided ? Effect.provide(program, layer) : program);
      });
    }
  }
});

describe("ended tasks of the runtimes are garbage-collected", () => {
  const count = `
    const alive = async (refs) => {
      for (let i = 0; i < 5; i++) { await new Promise(setImmediate); gc(); }
      return refs.filter((ref) => ref.deref() !== undefined).length;
    };`;

  test("fibers", async () => {
    const output = await runChild(
      `
      import { Cancellable, CancelScope, moveOnAfter, sleep } from "@hother/cancelable";
      import { fromCancellable, layer, toCancellable } from "@hother/cancelable-backends/effect";
      import { Effect, Fiber } from "effect";
      ${count}
      const programs = [
        () => Effect.promise(() => sleep(1)),
        () => Effect.promise(() => new CancelScope().run(() => sleep({ hours: 1 }))),
        () => fromCancellable(new Cancellable(), () => sleep({ hours: 1 })),
        () => fromCancellable(new Cancellable(), () => Effect.never),
        () => Effect.provide(Effect.promise(() => moveOnAfter({ hours: 1 }, () => sleep({ hours: 2 }))), layer),
        () => Effect.promise(() => toCancellable(Effect.never)),
      ];
      const refs = [];
      await (async () => {
        for (let i = 0; i < 120; i++) {
          const fiber = Effect.runFork(programs[i % programs.length]());
          refs.push(new WeakRef(fiber));
          await new Promise(setImmediate);
          fiber.interruptUnsafe();
          await Effect.runPromise(Fiber.await(fiber));
        }
      })();
      const left = await alive(refs);
      console.log(left <= 3 || left);
    `,
      ["--expose-gc"],
    );
    expect(output).toBe("true\nexit 0");
  });

  test("Effection scopes", async () => {
    const output = await runChild(
      `
      import { Cancellable, CancelScope, sleep } from "@hother/cancelable";
      import { fromCancellable, toCancellable } from "@hother/cancelable-backends/effection";
      import { call, run, suspend, useScope } from "effection";
      ${count}
      const operations = [
        () => call(() => sleep({ hours: 1 })),
        () => call(() => new CancelScope().run(() => sleep({ hours: 1 }))),
        () => fromCancellable(new Cancellable(), () => sleep({ hours: 1 })),
        () => fromCancellable(new Cancellable(), () => suspend()),
        () => call(() => toCancellable(() => suspend())),
      ];
      const refs = [];
      await (async () => {
        for (let i = 0; i < 100; i++) {
          const task = run(function* () {
            refs.push(new WeakRef(yield* useScope()));
            yield* operations[i % operations.length]();
          });
          await new Promise(setImmediate);
          await task.halt();
        }
      })();
      const left = await alive(refs);
      console.log(left <= 3 || left);
    `,
      ["--expose-gc"],
    );
    expect(output).toBe("true\nexit 0");
  });
});
