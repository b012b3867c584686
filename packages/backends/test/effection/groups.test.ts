import { Cancellable, run as runHere, shield, sleep, sleepForever, taskGroup } from "@hother/cancelable";
import {
  CancelledBy,
  effectionBackend,
  fromCancellable,
  toCancellable,
} from "@hother/cancelable-backends/effection";
import { createContext, ensure, run, type Scope, suspend, useScope } from "effection";
import { describe, expect, test } from "vitest";
import { rejection, turn } from "../support.ts";

const Request = createContext<string>("test/request");

/** The Effection scope that the code runs in. */
const here = (): Scope | undefined => effectionBackend.current();

describe("a task group on Effection: tasks are Effection tasks below the caller's scope", () => {
  test("contexts are inherited, and each task has a scope of its own", async () => {
    const seen: (string | undefined)[] = [];
    await run(function* () {
      yield* Request.set("r-1");
      yield* fromCancellable(new Cancellable(), () =>
        taskGroup((group) => {
          for (let i = 0; i < 2; i++) {
            group.startSoon(async () => {
              seen.push(await toCancellable(() => Request.get()));
              await toCancellable(() => Request.set(`changed ${i}`));
            });
          }
        }),
      );
      seen.push(yield* Request.get());
    });
    expect(seen).toEqual(["r-1", "r-1", "r-1"]);
  });

  test("halting the caller's scope halts the tasks, with their clean-up before that of earlier resources", async () => {
    const order: string[] = [];
    const task = run(function* () {
      yield* ensure(() => void order.push("caller"));
      yield* fromCancellable(new Cancellable(), () =>
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
      );
    });
    await turn();
    await task.halt();
    expect(order).toEqual(["a", "b", "caller"]);
  });

  test("cancelling the group halts operations in it, with the error in their context", async () => {
    let seen: unknown;
    await run(() =>
      fromCancellable(new Cancellable(), () =>
        taskGroup(async (group) => {
          group.startSoon(() =>
            toCancellable(function* () {
              try {
                yield* suspend();
              } finally {
                seen = yield* CancelledBy.get();
              }
            }),
          );
          await turn();
          group.cancel("disconnect", "nobody listens");
        }),
      ),
    );
    expect(seen).toMatchObject({ reason: "disconnect", message: "nobody listens" });
  });

  test("the failure of a task fails the group and does not crash the scope around it", async () => {
    const wrong = new Error("wrong");
    const seen = await run(function* () {
      try {
        yield* fromCancellable(new Cancellable(), () =>
          taskGroup((group) => {
            group.startSoon(async () => {
              await sleep(1);
              throw wrong;
            });
            group.startSoon(() => sleepForever());
          }),
        );
        return undefined;
      } catch (error) {
        return error;
      }
    });
    expect(seen).toBe(wrong);
  });

  test("an error in a task's clean-up comes out of halt()", async () => {
    const broken = new Error("could not release");
    const task = run(() =>
      fromCancellable(new Cancellable(), () =>
        taskGroup((group) => {
          group.startSoon(async () => {
            try {
              await sleepForever();
            } finally {
              throw broken;
            }
          });
        }),
      ),
    );
    await turn();
    expect(await rejection(task.halt())).toBe(broken);
  });

  test("run(main, { backend }) and its groups are below Effection's global scope, and nothing is left afterwards", async () => {
    await runHere(
      () =>
        taskGroup((group) => {
          group.startSoon(async () => {
            expect(await toCancellable(() => useScope())).toBeDefined();
          });
        }),
      { backend: "effection" },
    );
    expect(here()).toBeUndefined();
  });
});
