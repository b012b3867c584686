import { expect } from "vitest";
import {
  Cancellable,
  isCancellation,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  type Task,
  TaskCancelledError,
  TaskFailedError,
  type TaskGroup,
  taskGroup,
  UsageError,
} from "../../src/index.ts";
import { describeEverywhere, rejection, stepRecorder } from "../backends.ts";

describeEverywhere("rule 17: how a group ends", (everywhere) => {
  everywhere("when the body and every child have ended (CONF-E01)", async (t) => {
    const result = await taskGroup(async (group) => {
      group.startSoon(() => sleep(20));
      group.startSoon(() => sleep(10));
      return "value";
    });
    expect(result).toBe("value");
    t.expectElapsed(20);
  });

  everywhere(
    "the first failure cancels the rest, and is what comes out, itself (CONF-F01, CONF-F05)",
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
              // A later failure: it is kept, and reported.
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

  everywhere("the body's failure cancels the children and waits for them (CONF-F02)", async () => {
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

  everywhere("collect: an AggregateError of all, also of one (CONF-F03, CONF-F04)", async () => {
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
  });

  everywhere("a pure outer cancellation leaves as one error (CONF-F06)", async () => {
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

  everywhere("error and outer cancellation: the error survives (CONF-F07)", async () => {
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
    "cancelled leaves are stripped from groups of errors, nesting kept (CONF-B07, CONF-F08)",
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

  everywhere("a group cancelled by its own scope ends without an error (CONF-F12)", async () => {
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

describeEverywhere("rule 18: a child that was cancelled with its group is no failure", (everywhere) => {
  everywhere("nor is one that was cancelled alone (CONF-E12)", async () => {
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

  everywhere("a stray cancellation is one (CONF-F14)", async () => {
    const foreign = new Cancellable();
    foreign.cancel();
    const error = await rejection(taskGroup((group) => void group.startSoon(() => foreign.check())));
    expect(isCancellation(error, foreign)).toBe(true);
  });
});

describeEverywhere("rule 19: starting children", (everywhere) => {
  everywhere(
    "not a line runs before startSoon returns; they start in order (CONF-E06, CONF-E07)",
    async () => {
      const order: number[] = [];
      await taskGroup((group) => {
        for (let i = 0; i < 4; i++) group.startSoon((n: number) => void order.push(n), i);
        expect(order).toEqual([]);
      });
      expect(order).toEqual([0, 1, 2, 3]);
    },
  );

  everywhere("a task is awaitable and has a status and a name (CONF-E10, CONF-E11, CONF-E14)", async () => {
    let failing: Task<unknown> | undefined;
    await rejection(
      taskGroup(async (group) => {
        const fine = group.startSoon(async function worker() {
          await sleep(1);
          return 7;
        });
        expect([fine.name, fine.status]).toEqual(["worker", "pending"]);
        expect(() => fine.value).toThrow(UsageError);
        expect(await fine).toBe(7);
        expect([fine.status, fine.value]).toEqual(["completed", 7]);
        failing = group.startSoon(async () => {
          throw new Error("original");
        });
        await sleepForever();
      }),
    );
    expect(failing?.status).toBe("failed");
    const wrapper = await rejection(failing as Task<unknown>);
    expect(wrapper).toBeInstanceOf(TaskFailedError);
    expect(wrapper).toMatchObject({ cause: { message: "original" } });
    await failing?.wait();
  });

  everywhere("a failure that reaches the body through await is still the child's own (rule 17)", async () => {
    const original = new Error("original");
    const error = await rejection(
      taskGroup(async (group) => {
        const task = group.startSoon(() => Promise.reject(original));
        await task;
      }),
    );
    expect(error).toBe(original);
  });

  everywhere(
    "start waits for started(value); then the child is the group's (CONF-G01, CONF-G10)",
    async () => {
      const { step, finish } = stepRecorder();
      await taskGroup(async (group) => {
        const port = await group.start<number>(async (started) => {
          await sleep(5);
          step(1);
          started(8080);
          await sleep(5);
          step(3);
        });
        step(2);
        expect(port).toBe(8080);
      });
      finish(4);
    },
  );

  everywhere(
    "an error before started comes out of start only; after it, out of the group (CONF-G03, CONF-G04)",
    async () => {
      await taskGroup(async (group) => {
        const early = new Error("early");
        expect(await rejection(group.start(() => Promise.reject(early)))).toBe(early);
        expect(group.errors).toEqual([]);
      });
      const late = new Error("late");
      const error = await rejection(
        taskGroup(async (group) => {
          await group.start<void>(async (started) => {
            started();
            throw late;
          });
        }),
      );
      expect(error).toBe(late);
    },
  );

  everywhere("returning without started, and started twice, are errors (CONF-G02, CONF-G05)", async () => {
    await taskGroup(async (group) => {
      expect(await rejection(group.start(async () => {}))).toMatchObject({ code: "ERR_NEVER_STARTED" });
    });
    const error = await rejection(
      taskGroup((group) =>
        group.start<number>(async (started) => {
          started(1);
          started(2);
        }),
      ),
    );
    expect(error).toMatchObject({ code: "ERR_STARTED_TWICE" });
  });

  everywhere("before started the child belongs to its starter (CONF-G06)", async () => {
    await taskGroup(async (group) => {
      let cleaned = false;
      const value = await moveOnAfter(5, () =>
        group.start(async () => {
          try {
            await sleepForever();
          } finally {
            cleaned = true;
          }
        }),
      );
      expect([value, cleaned]).toEqual([undefined, true]);
      expect(group.scope.isCancelled).toBe(false);
    });
  });

  everywhere("started into a cancelled group cancels the child then (CONF-G09)", async () => {
    let past = false;
    await taskGroup(async (group) => {
      group.cancel();
      await shield(() =>
        group.start<string>(async (started) => {
          await sleep(5);
          started("up");
          await sleep(5);
          past = true;
        }),
      );
    });
    expect(past).toBe(false);
  });

  everywhere("starting in an ended group throws (CONF-E04, CONF-G11)", async () => {
    let kept: TaskGroup | undefined;
    await taskGroup((group) => {
      kept = group;
    });
    expect(() => kept?.startSoon(() => {})).toThrow(UsageError);
    expect(await rejection(kept?.start(() => {}) as Promise<unknown>)).toMatchObject({
      code: "ERR_GROUP_ENDED",
    });
  });

  everywhere("children start children while the group ends (CONF-E03)", async () => {
    const seen: string[] = [];
    await taskGroup((group) => {
      group.startSoon(async () => {
        await sleep(1);
        group.startSoon(async () => {
          await sleep(1);
          seen.push("grandchild");
        });
      });
    });
    expect(seen).toEqual(["grandchild"]);
  });

  everywhere("a child's scope hangs below the group's, not below the caller's (CONF-D08)", async () => {
    const outcome = await Cancellable.withTimeout(10).settle(() =>
      taskGroup(async (group) => {
        await shield(async () => {
          const child = group.startSoon(() => sleepForever());
          await sleep(20);
          expect(child.status).toBe("cancelled");
        });
      }),
    );
    expect(outcome.status).toBe("cancelled");
  });
});
