import { effectBackend } from "@hother/cancelable-backends/effect";
import { effectionBackend } from "@hother/cancelable-backends/effection";
import { describe, expect, test } from "vitest";
import {
  type AsyncBackend,
  Cancellable,
  CancelScope,
  Event,
  getBackend,
  run,
  shield,
  sleep,
  taskGroup,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { rootAbove } from "./root.ts";

/* Failures that random programs and fault injection have found, reduced. */

/** An object that refuses to reveal its prototype. */
function untouchable(): object {
  return new Proxy(
    {},
    {
      getPrototypeOf() {
        throw new Error("do not touch");
      },
    },
  );
}

/** Cancels a shielded group from outside, below `depth` more groups, and returns the result of its child's sleep. */
async function shieldedGroup(backend: AsyncBackend, depth: number): Promise<string> {
  let seen = "nothing";
  await run(
    async () => {
      const scope = new CancelScope();
      let level = (): Promise<unknown> =>
        shield(() =>
          taskGroup((inner) => {
            inner.startSoon(() =>
              sleep(5).then(
                () => {
                  seen = "slept";
                },
                (error: Error) => {
                  seen = error.message;
                },
              ),
            );
          }),
        );
      for (let i = 0; i < depth; i++) {
        const below = level;
        level = () => taskGroup((group) => void group.startSoon(below));
      }
      await taskGroup(async (group) => {
        group.startSoon(() => scope.run(level));
        await sleep(2);
        scope.cancel();
      });
    },
    { backend },
  );
  return seen;
}

describe("a cancellation from outside does not reach the children of a shielded group (rule 9)", () => {
  test.each([0, 1, 2])("below %i more groups [virtual]", async (depth) => {
    expect(await shieldedGroup(new VirtualBackend(), depth)).toBe("slept");
  });
  test.each([0, 1, 2])("below %i more groups [native]", async (depth) => {
    expect(await shieldedGroup(getBackend("native"), depth)).toBe("slept");
  });
  test("below no more groups [effection]", async () => {
    expect(await shieldedGroup(effectionBackend, 0)).toBe("slept");
  });
  // Effection halts the tasks below a halted task. The shield must hold all the same.
  test.each([1, 2])("below %i more groups [effection]", async (depth) => {
    expect(await shieldedGroup(effectionBackend, depth)).toBe("slept");
  });
});

/** Starts a child with `start()` in a child that then ends, and returns the result of the inner child's sleep. */
async function startedChild(backend: AsyncBackend, starterEnds: "returns" | "is cancelled"): Promise<string> {
  let seen = "nothing";
  const begun = new Event();
  await run(
    () =>
      taskGroup(async (group) => {
        const starter = group.startSoon(async () => {
          await group.start<void>(async (started) => {
            started();
            begun.set();
            await sleep(5).then(
              () => {
                seen = "slept";
              },
              (error: Error) => {
                seen = error.message;
              },
            );
          });
          if (starterEnds === "is cancelled") await sleep(60_000);
        });
        await begun.wait();
        await sleep(1);
        starter.cancel();
      }),
    { backend },
  );
  return seen;
}

describe("a child that has called started() goes on when its starter ends (rule 19)", () => {
  const ways = ["returns", "is cancelled"] as const;
  test.each(ways)("the starter %s [virtual]", async (way) => {
    expect(await startedChild(new VirtualBackend(), way)).toBe("slept");
  });
  test.each(ways)("the starter %s [native]", async (way) => {
    expect(await startedChild(getBackend("native"), way)).toBe("slept");
  });
  // The native task stays below the starter's task. The library must keep it running.
  test.each(ways)("the starter %s [effect]", async (way) => {
    expect(await startedChild(effectBackend, way)).toBe("slept");
  });
  test.each(ways)("the starter %s [effection]", async (way) => {
    expect(await startedChild(effectionBackend, way)).toBe("slept");
  });
});

/** Switches a shield on over a group right after the cancellation, and returns the result of the clean-up's sleep. */
async function raisedShield(backend: AsyncBackend): Promise<string> {
  let seen = "nothing";
  await run(
    async () => {
      const outer = new CancelScope();
      const inner = new CancelScope();
      await taskGroup(async (group) => {
        group.startSoon(() =>
          outer.run(() =>
            inner.run(() =>
              taskGroup((below) => {
                below.startSoon(async () => {
                  try {
                    await sleep(60_000);
                  } catch (error) {
                    await sleep(5).then(
                      () => {
                        seen = "slept";
                      },
                      (again: Error) => {
                        seen = again.message;
                      },
                    );
                    throw error;
                  }
                });
              }),
            ),
          ),
        );
        await sleep(2);
        outer.cancel();
        inner.shield = true;
      });
    },
    { backend },
  );
  return seen;
}

describe("a shield that is switched on after a cancellation frees the tasks below", () => {
  test("[virtual]", async () => {
    expect(await raisedShield(new VirtualBackend())).toBe("slept");
  });
  test("[native]", async () => {
    expect(await raisedShield(getBackend("native"))).toBe("slept");
  });
  // The interruption, or the halt, that the cancellation caused arrives all the same.
  test("[effect]", async () => {
    expect(await raisedShield(effectBackend)).toBe("slept");
  });
  test("[effection]", async () => {
    expect(await raisedShield(effectionBackend)).toBe("slept");
  });
});

describe("an object that refuses to reveal its prototype can be thrown", () => {
  test("by the body of an operation", async () => {
    const backend = new VirtualBackend();
    const odd = untouchable();
    let failedWith: unknown;
    let root: CancelScope["node"] | undefined;
    const running = run(
      async (scope) => {
        root = rootAbove(scope);
        const outcome = await new Cancellable().settle(() => Promise.reject(odd));
        failedWith = outcome.status === "failed" && outcome.error;
      },
      { backend },
    );
    await backend.untilIdle();
    expect([Object.is(failedWith, odd), root?.live]).toEqual([true, 0]);
    await running;
  });

  test("by the body of a group", async () => {
    const backend = new VirtualBackend();
    const odd = untouchable();
    let child = "never started";
    let childWhenRejected = "";
    let failedWith: unknown;
    let root: CancelScope["node"] | undefined;
    const running = run(
      (scope) => {
        root = rootAbove(scope);
        return taskGroup(async (group) => {
          group.startSoon(async () => {
            child = "running";
            await sleep(10).finally(() => {
              child = "ended";
            });
          });
          await sleep(1);
          throw odd;
        }).catch((error: unknown) => {
          failedWith = error;
          childWhenRejected = child;
        });
      },
      { backend },
    );
    await running;
    expect([Object.is(failedWith, odd), childWhenRejected, root?.live]).toEqual([true, "ended", 0]);
  });

  test("by a child of a group", async () => {
    const odd = untouchable();
    const failed = await taskGroup((group) => {
      group.startSoon(async () => {
        throw odd;
      });
    }).catch((error: unknown) => Object.is(error, odd));
    expect(failed).toBe(true);
  });
});
