import { expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  isCancellation,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  TaskCancelledError,
  type TaskGroup,
  taskGroup,
} from "../../src/index.ts";
import { describeEverywhere, rejection, stepRecorder } from "../backends.ts";

describeEverywhere("a child of a cancelled group (rule 1)", (everywhere) => {
  everywhere("the child runs to its first checkpoint (CONF-E05)", async () => {
    let started = false;
    let past = false;
    await taskGroup(async (group) => {
      group.cancel();
      group.startSoon(async () => {
        started = true;
        await sleep(1);
        past = true;
      });
    });
    expect([started, past]).toEqual([true, false]);
  });
});

describeEverywhere("the end of a group (rule 17)", (everywhere) => {
  everywhere("a group ends when its body and every child have ended (CONF-E01)", async (t) => {
    const result = await taskGroup(async (group) => {
      group.startSoon(() => sleep(20));
      group.startSoon(() => sleep(10));
      return "value";
    });
    expect(result).toBe("value");
    t.expectElapsed(20);
  });

  everywhere(
    "the first failure cancels the rest, and the group rejects with that failure itself (CONF-F01, CONF-F05)",
    async (t) => {
      const first = new RangeError("first");
      const ended: string[] = [];
      const error = await rejection(
        taskGroup(async (group) => {
          group.startSoon(async () => {
            await sleep(5);
            throw first;
          });
          group.startSoon(async () => {
            try {
              await sleepForever();
            } finally {
              ended.push("sibling");
              // A later failure: kept in `errors`, and reported.
              throw new Error("while unwinding");
            }
          });
          try {
            await sleepForever();
          } finally {
            ended.push("body");
          }
        }),
      );
      expect(error).toBe(first);
      expect(ended.sort()).toEqual(["body", "sibling"]);
      expect(t.reported.splice(0)).toMatchObject([{ message: "while unwinding" }]);
    },
  );

  everywhere("a failure of the body cancels the children and waits for them (CONF-F02)", async () => {
    const { step, finish } = stepRecorder();
    const error = await rejection(
      taskGroup(async (group) => {
        group.startSoon(async () => {
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(5));
            step(2);
          }
        });
        await sleep(1);
        step(1);
        throw new Error("body");
      }),
    );
    finish(3);
    expect(error).toMatchObject({ message: "body" });
  });

  everywhere(
    'failures: "collect" rejects with an AggregateError of all failures, also of one (CONF-F03, CONF-F04)',
    async () => {
      const one = await rejection(
        taskGroup(
          (group) =>
            void group.startSoon(() => {
              throw new Error("one");
            }),
          { failures: "collect" },
        ),
      );
      expect(one).toBeInstanceOf(AggregateError);
      const two = (await rejection(
        taskGroup(
          async (group) => {
            for (const name of ["a", "b"]) {
              group.startSoon(async () => {
                throw new Error(name);
              });
            }
            await sleepForever();
          },
          { failures: "collect" },
        ),
      )) as AggregateError;
      expect(two.errors.map((error: Error) => error.message)).toEqual(["a", "b"]);
    },
  );

  everywhere("an outer cancellation alone leaves as one error (CONF-F06)", async () => {
    const op = Cancellable.withTimeout(10);
    const outcome = await op.settle(() =>
      taskGroup(
        async (group) => {
          for (let i = 0; i < 3; i++) group.startSoon(() => sleepForever());
        },
        { failures: "collect" },
      ),
    );
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
  });

  everywhere("an error wins over an outer cancellation (CONF-F07)", async () => {
    const error = await rejection(
      moveOnAfter(5, () =>
        taskGroup(async (group) => {
          group.startSoon(async () => {
            await sleepForever().catch(() => {});
            throw new TypeError("during unwinding");
          });
        }),
      ),
    );
    expect(error).toBeInstanceOf(TypeError);
  });

  everywhere(
    "cancellations are removed from nested groups of errors, and the nesting stays (CONF-B07, CONF-F08)",
    async () => {
      const error = (await rejection(
        moveOnAfter(5, async (scope) => {
          await sleepForever().catch(() => {});
          throw new AggregateError(
            [new AggregateError([scope.error, new Error("deep")], "inner"), scope.error],
            "outer",
          );
        }),
      )) as AggregateError;
      expect(error.message).toBe("outer");
      expect(error.errors).toHaveLength(1);
      expect((error.errors[0] as AggregateError).message).toBe("inner");
      expect((error.errors[0] as AggregateError).errors).toMatchObject([{ message: "deep" }]);
      const absorbed = await moveOnAfter(5, async (scope) => {
        await sleepForever().catch(() => {});
        throw new AggregateError([scope.error, new AggregateError([scope.error])]);
      });
      expect(absorbed).toBeUndefined();
    },
  );

  everywhere("a group that cancels itself ends without an error (CONF-F12)", async () => {
    const result = await taskGroup(async (group) => {
      group.startSoon(() => sleepForever());
      await sleep(1);
      group.cancel();
      await sleepForever();
    });
    expect(result).toBeUndefined();
  });

  everywhere("the siblings' cancellation names the task that failed (CONF-F09)", async () => {
    let seen: unknown;
    await rejection(
      taskGroup(async (group) => {
        group.startSoon(async function broken() {
          throw new Error("why");
        });
        await sleepForever().catch((error) => {
          seen = error;
          throw error;
        });
      }),
    );
    expect(seen).toMatchObject({ reason: "error", message: "task broken failed", cause: { message: "why" } });
  });
});

describeEverywhere("cancelled children and failures (rule 18)", (everywhere) => {
  everywhere("a child that was cancelled alone is not a failure (CONF-E12)", async () => {
    await taskGroup(async (group) => {
      const alone = group.startSoon(() => sleepForever());
      const other = group.startSoon(() => sleep(5).then(() => "fine"));
      await sleep(1);
      expect(alone.cancel("manual", "you only")).toBe(true);
      const error = (await rejection(alone)) as TaskCancelledError;
      expect(error).toBeInstanceOf(TaskCancelledError);
      expect(error.cause).toMatchObject({ message: "you only" });
      expect(alone.status).toBe("cancelled");
      expect(await other).toBe("fine");
    });
  });

  everywhere(
    "a cancellation that belongs neither to the child nor to the group is a failure (CONF-F14)",
    async () => {
      const foreign = new Cancellable();
      foreign.cancel();
      const error = await rejection(taskGroup((group) => void group.startSoon(() => foreign.check())));
      expect(isCancellation(error, foreign)).toBe(true);
    },
  );
});

describeEverywhere("a group in detail", (everywhere) => {
  everywhere("the end of an empty group gives others a turn and is no checkpoint (CONF-E02)", async () => {
    let othersRan = false;
    void Promise.resolve().then(() => {
      othersRan = true;
    });
    expect(await taskGroup(() => "value")).toBe("value");
    expect(othersRan).toBe(true);
    const scope = new CancelScope();
    const value = await scope.run(async () => {
      scope.cancel();
      return taskGroup(() => "still");
    });
    expect([value, scope.cancelledCaught]).toEqual(["still", false]);
  });

  everywhere("a group runs once (rule 34, CONF-F17)", async () => {
    const groups: TaskGroup[] = [];
    const body = async (group: TaskGroup): Promise<void> => {
      groups.push(group);
      await sleep(1);
      expect(await rejection(group.scope.run(() => {}))).toMatchObject({ code: "ERR_ALREADY_STARTED" });
    };
    await Promise.all([taskGroup(body), taskGroup(body)]);
    const [one, other] = groups as [TaskGroup, TaskGroup];
    expect(one).not.toBe(other);
    expect(one.scope).not.toBe(other.scope);
    expect(() => one.startSoon(() => {})).toThrow(expect.objectContaining({ code: "ERR_GROUP_ENDED" }));
    expect(await rejection(one.scope.run(() => {}))).toMatchObject({ code: "ERR_ALREADY_STARTED" });
  });
});
