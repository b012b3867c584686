import { describe, expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  currentOperation,
  moveOnAfter,
  run,
  shield,
  sleep,
  sleepForever,
  type Task,
  TaskFailedError,
  type TaskGroup,
  taskGroup,
  UsageError,
} from "../../src/index.ts";
import { describeEverywhere, rejection, stepRecorder } from "../backends.ts";

describeEverywhere("startSoon and start (rule 19)", (everywhere) => {
  everywhere(
    "no line of a child runs before startSoon returns, and children start in order (CONF-E06, CONF-E07)",
    async () => {
      const order: number[] = [];
      await taskGroup((group) => {
        for (let i = 0; i < 4; i++) group.startSoon((n: number) => void order.push(n), i);
        expect(order).toEqual([]);
      });
      expect(order).toEqual([0, 1, 2, 3]);
    },
  );

  everywhere("a task can be awaited and has a status and a name (CONF-E10, CONF-E11, CONF-E14)", async () => {
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

  everywhere(
    "a child's failure that reaches the body through await comes out as the child's own error (rule 17)",
    async () => {
      const original = new Error("original");
      const error = await rejection(
        taskGroup(async (group) => {
          const task = group.startSoon(() => Promise.reject(original));
          await task;
        }),
      );
      expect(error).toBe(original);
    },
  );

  everywhere(
    "start() waits for started(value), and then the child belongs to the group (CONF-G01, CONF-G10)",
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
    "an error before started() comes out of start() only; an error after it comes out of the group (CONF-G03, CONF-G04)",
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

  everywhere(
    "a return without started() and a second started() are errors (CONF-G02, CONF-G05)",
    async () => {
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
    },
  );

  everywhere("before started() the child belongs to its starter (CONF-G06)", async () => {
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

  everywhere("started() in a cancelled group cancels the child (CONF-G09)", async () => {
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

  everywhere("starting in a group that has ended throws (CONF-E04, CONF-G11)", async () => {
    let kept: TaskGroup | undefined;
    await taskGroup((group) => {
      kept = group;
    });
    expect(() => kept?.startSoon(() => {})).toThrow(UsageError);
    expect(await rejection(kept?.start(() => {}) as Promise<unknown>)).toMatchObject({
      code: "ERR_GROUP_ENDED",
    });
  });

  everywhere("children may start children while the group ends (CONF-E03)", async () => {
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

  everywhere(
    "a child's scope lies below the group's scope, not below the caller's scope (CONF-D08)",
    async () => {
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
    },
  );
});

describeEverywhere("start() in detail", (everywhere) => {
  everywhere(
    "start() succeeds for a child that met no checkpoint in a cancelled scope (CONF-G07)",
    async () => {
      for (const order of ["before", "inside"]) {
        const scope = new CancelScope();
        await taskGroup(async (group) => {
          const value = await scope.run(async () => {
            if (order === "before") scope.cancel();
            return group.start<string>((started) => {
              if (order === "inside") scope.cancel();
              started("value");
            });
          });
          expect([order, value]).toEqual([order, "value"]);
        });
        expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, false]);
      }
    },
  );

  everywhere("startSoon accepts a function that was written for start() (CONF-G08)", async () => {
    const ended: string[] = [];
    const service = async (started: (value: string) => void, name: string): Promise<void> => {
      started("ready");
      await sleep(1);
      ended.push(name);
    };
    await taskGroup(async (group) => {
      expect(await group.start<string>((started) => service(started, "started"))).toBe("ready");
      group.startSoon(service, () => {}, "soon");
    });
    expect(ended).toEqual(["started", "soon"]);
  });

  everywhere("start() gives the value, and the child is then a task of the group (CONF-G12)", async () => {
    await taskGroup(async (group) => {
      const value = await group.start<number>(async function server(started) {
        expect(group.tasks).toHaveLength(0);
        started(8080);
        await sleep(1);
        return "served";
      });
      const [task, ...others] = group.tasks;
      expect([value, task?.name, others]).toEqual([8080, "server", []]);
      expect(await task).toBe("served");
      expect(group.tasks).toEqual([]);
    });
  });

  everywhere(
    "a child that has not called started() may fail other children of an outer group (CONF-G13)",
    async (t) => {
      const failures = [new Error("first"), new Error("second")];
      let started: unknown;
      let innerEnded = false;
      const error = await rejection(
        taskGroup(async (outer) => {
          await taskGroup(async (inner) => {
            started = await rejection(
              inner.start<void>(async () => {
                for (const failure of failures) outer.startSoon(() => Promise.reject(failure));
                await sleepForever();
              }),
            );
            throw started;
          }).finally(() => {
            innerEnded = true;
          });
        }),
      );
      expect(error).toBe(failures[0]);
      expect(started).toMatchObject({ reason: "error", cause: failures[0] });
      expect(innerEnded).toBe(true);
      expect(t.reported.splice(0)).toEqual([failures[1]]);
      await sleep(1);
    },
  );
});

describe("a child after started()", () => {
  describeEverywhere("the child's operation", (everywhere) => {
    everywhere(
      "the child belongs to the operation of its group and is cancelled with it, not with its starter's operation",
      async () => {
        const main = new Cancellable({ name: "main" });
        const request = new Cancellable({ name: "request" });
        const seen: unknown[] = [];
        const outcome = await main.settle(() =>
          taskGroup(async (group) => {
            await request.run(() =>
              group.start(async (started: (value: void) => void) => {
                seen.push(currentOperation()?.name);
                started();
                await sleep(10);
                seen.push(currentOperation()?.name, request.status);
                const child = new Cancellable();
                await child.run(() => seen.push(child.parent?.name));
                main.cancel("shutdown");
                seen.push(currentOperation()?.isCancelled);
                await currentOperation()?.sleep(30);
                seen.push("not reached");
              }),
            );
          }),
        );
        expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
        expect(seen).toEqual(["request", "main", "completed", "main", true]);
      },
    );
  });
});
