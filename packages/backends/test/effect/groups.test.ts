import { Cancellable, run, shield, sleep, sleepForever, taskGroup } from "@hother/cancelable";
import {
  cancellationOf,
  effectBackend,
  fromCancellable,
  toCancellable,
} from "@hother/cancelable-backends/effect";
import { Context, Effect, Exit, Fiber, Tracer } from "effect";
import { describe, expect, test } from "vitest";
import { rejection, turn } from "../support.ts";

type AnyFiber = Fiber.Fiber<unknown, unknown>;

const childrenOf = (fiber: AnyFiber): AnyFiber[] => [
  ...((fiber as unknown as { _children?: Set<AnyFiber> })._children ?? []),
];

/** A program that runs library code in a fiber of its own, and this fiber. */
function inFiber<A>(body: (fiber: AnyFiber) => Promise<A>): Promise<A> {
  return Effect.runPromise(
    Effect.withFiber((fiber) => fromCancellable(new Cancellable(), () => body(fiber as AnyFiber))),
  );
}

describe("a task group on Effect: tasks are fibers", () => {
  test("each task has a fiber of its own, a child of the group's fiber", async () => {
    await inFiber(async (fiber) => {
      const seen: (AnyFiber | undefined)[] = [];
      await taskGroup(async (group) => {
        for (let i = 0; i < 3; i++) {
          group.startSoon(async () => {
            seen.push(Fiber.getCurrent());
            await sleepForever();
          });
        }
        await turn();
        expect(new Set(seen).size).toBe(3);
        expect(childrenOf(fiber)).toEqual(expect.arrayContaining(seen));
        group.cancel();
      });
      // The fibers have ended when the group has ended.
      expect(childrenOf(fiber)).toEqual([]);
    });
  });

  test("the tasks have the services and references of the group's fiber", async () => {
    const Level = Context.Reference<number>("test/Level", { defaultValue: () => 0 });
    const levels: number[] = [];
    await Effect.runPromise(
      fromCancellable(new Cancellable(), () =>
        taskGroup((group) => {
          group.startSoon(async () => {
            levels.push((Fiber.getCurrent() as AnyFiber).getRef(Level));
            levels.push(await toCancellable(Level));
          });
        }),
      ).pipe(Effect.provideService(Level, 5)),
    );
    expect(levels).toEqual([5, 5]);
  });

  test("a span of an effect in a task is a child of the span around the group", async () => {
    const spans: string[] = [];
    const tracer = Tracer.make({
      span(options) {
        const parent = options.parent._tag === "Some" ? options.parent.value : undefined;
        spans.push(`${parent?._tag === "Span" ? parent.name : "none"} > ${options.name}`);
        return new Tracer.NativeSpan(options);
      },
    });
    await Effect.runPromise(
      fromCancellable(new Cancellable(), () =>
        taskGroup((group) => {
          group.startSoon(() => toCancellable(Effect.withSpan(Effect.void, "query")));
        }),
      ).pipe(Effect.withSpan("request"), Effect.withTracer(tracer)),
    );
    expect(spans).toEqual(["none > request", "request > query"]);
  });

  test("Effect.awaitAllChildren waits for a task that nothing else waits for", async () => {
    const order: string[] = [];
    await Effect.runPromise(
      Effect.awaitAllChildren(
        Effect.withFiber(() =>
          Effect.sync(() => {
            void taskGroup((group) => {
              group.startSoon(async () => {
                await sleep(2);
                order.push("task");
              });
            });
          }),
        ),
      ).pipe(Effect.andThen(Effect.sync(() => order.push("after")))),
    );
    expect(order).toEqual(["task", "after"]);
  });

  test("interrupting the fiber of a task cancels that task with its clean-up, and the group goes on", async () => {
    const order: string[] = [];
    await inFiber(async () => {
      await taskGroup(async (group) => {
        let child: AnyFiber | undefined;
        const task = group.startSoon(async () => {
          child = Fiber.getCurrent();
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(1));
            order.push("cleaned");
          }
        });
        await turn();
        const fiber = child as AnyFiber;
        fiber.interruptUnsafe(77);
        const exit = await toCancellable(Fiber.await(fiber));
        order.push("fiber ended");
        expect(Exit.hasInterrupts(exit)).toBe(true);
        const error = await rejection(task);
        expect(task.status).toBe("cancelled");
        expect((error as Error).cause ?? error).toMatchObject({
          reason: "parent",
          message: `Effect fiber #${fiber.id} was interrupted by fiber #77`,
        });
        order.push("group goes on");
      });
    });
    expect(order).toEqual(["cleaned", "fiber ended", "group goes on"]);
  });

  test("an error in a task's clean-up is in the Cause of the task's fiber, beside the interruption", async () => {
    const broken = new Error("could not release");
    const error = await rejection(
      inFiber(() =>
        taskGroup(async (group) => {
          let child: AnyFiber | undefined;
          group.startSoon(async () => {
            child = Fiber.getCurrent();
            try {
              await sleepForever();
            } finally {
              throw broken;
            }
          });
          await turn();
          (child as AnyFiber).interruptUnsafe();
          const exit = await Effect.runPromise(Fiber.await(child as AnyFiber));
          expect(Exit.isFailure(exit) && exit.cause.reasons.map((reason) => reason._tag).sort()).toEqual([
            "Die",
            "Interrupt",
          ]);
          await sleepForever();
        }),
      ),
    );
    // The task has failed, and its group with it.
    expect(error).toBe(broken);
  });

  test("cancelling the group interrupts the fibers of its tasks, with the error in their Cause", async () => {
    await inFiber(async () => {
      const fibers: AnyFiber[] = [];
      await taskGroup(async (group) => {
        for (let i = 0; i < 2; i++) {
          group.startSoon(async () => {
            fibers.push(Fiber.getCurrent() as AnyFiber);
            await sleepForever();
          });
        }
        await turn();
        group.cancel("disconnect", "nobody listens");
      });
      expect(fibers).toHaveLength(2);
      for (const fiber of fibers) {
        const exit = await Effect.runPromise(Fiber.await(fiber));
        const error = Exit.isFailure(exit) ? cancellationOf(exit.cause) : undefined;
        expect(error).toMatchObject({ reason: "disconnect", message: "nobody listens" });
      }
    });
  });

  test("the failure of a task is the failure of its fiber, and no unhandled error", async () => {
    const wrong = new Error("wrong");
    let child: AnyFiber | undefined;
    const error = await rejection(
      inFiber(() =>
        taskGroup((group) => {
          group.startSoon(async () => {
            child = Fiber.getCurrent();
            throw wrong;
          });
        }),
      ),
    );
    expect(error).toBe(wrong);
    const exit = await Effect.runPromise(Fiber.await(child as AnyFiber));
    expect(Exit.isFailure(exit) && exit.cause.reasons).toMatchObject([{ _tag: "Fail", error: wrong }]);
  });

  test("interrupting the group's fiber ends the tasks first, with their clean-up", async () => {
    const order: string[] = [];
    const op = new Cancellable();
    const fiber = Effect.runFork(
      Effect.ensuring(
        fromCancellable(op, () =>
          taskGroup((group) => {
            for (const name of ["a", "b"]) {
              group.startSoon(async () => {
                try {
                  await sleepForever();
                } finally {
                  await shield(() => sleep(1));
                  order.push(name);
                }
              });
            }
          }),
        ),
        Effect.sync(() => order.push("finalizer of the fiber")),
      ),
    );
    await turn();
    fiber.interruptUnsafe();
    await Effect.runPromise(Fiber.await(fiber));
    expect(order).toEqual(["a", "b", "finalizer of the fiber"]);
    expect(op.token.reason).toBe("parent");
  });

  test("run(main, { backend }) runs main in a fiber whose children are the tasks", async () => {
    await run(
      async () => {
        const main = Fiber.getCurrent() as AnyFiber;
        expect(main).toBeDefined();
        await taskGroup(async (group) => {
          group.startSoon(async () => {
            expect(childrenOf(main)).toContain(Fiber.getCurrent());
          });
        });
      },
      { backend: effectBackend },
    );
  });

  test("in nested groups the fibers of the inner tasks are children of the outer task's fiber", async () => {
    await inFiber(async (fiber) => {
      await taskGroup((outer) => {
        outer.startSoon(async () => {
          const task = Fiber.getCurrent() as AnyFiber;
          expect(childrenOf(fiber)).toContain(task);
          await taskGroup((inner) => {
            inner.startSoon(async () => {
              expect(childrenOf(task)).toContain(Fiber.getCurrent());
            });
          });
        });
      });
    });
  });
});
