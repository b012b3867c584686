import { expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  type Task,
  taskGroup,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { until } from "../until.ts";

describeEverywhere("the failure of a task that the body passes on", (everywhere) => {
  for (const failures of ["first", "collect"] as const)
    everywhere(`is no second failure of the group: ${failures}`, async () => {
      const failure = new Error("boom");
      const error = await rejection(
        taskGroup(
          async (group) => {
            const task = group.startSoon(() => {
              throw failure;
            });
            await task.wait().catch(() => {});
            return task.value;
          },
          { failures },
        ),
      );
      expect(failures === "first" ? error : (error as AggregateError).errors).toEqual(
        failures === "first" ? failure : [failure],
      );
    });
});

describeEverywhere("an error that leaves a group", (everywhere) => {
  everywhere("the error is the object that was thrown, with its own cause (CONF-F10)", async () => {
    const cause = new Error("cause");
    const original = Object.freeze(new Error("original", { cause }));
    for (const failures of ["first", "collect"] as const) {
      const error = await rejection(
        taskGroup(
          async (group) => {
            group.startSoon(() => Promise.reject(original));
            await sleepForever();
          },
          { failures },
        ),
      );
      expect(failures === "first" ? error : (error as AggregateError).errors[0]).toBe(original);
    }
    expect(original.cause).toBe(cause);
    // A failure that is thrown again while another one is handled gets no cause.
    const again = new Error("again");
    expect(
      await rejection(
        taskGroup(async (group) => {
          const task = group.startSoon(() => Promise.reject(again));
          await task.wait();
          throw again;
        }),
      ),
    ).toBe(again);
    expect("cause" in again).toBe(false);
  });

  everywhere(
    "an object that looks like the end of an iteration is an error like any other (CONF-F11)",
    async (t) => {
      const ending = { done: true, value: 5 };
      expect(await rejection(taskGroup(() => Promise.reject(ending)))).toBe(ending);
      expect(await rejection(taskGroup((group) => void group.startSoon(() => Promise.reject(ending))))).toBe(
        ending,
      );
      async function* numbers(): AsyncGenerator<number> {
        yield 1;
        yield 2;
      }
      const early = taskGroup(async (group) => {
        group.startSoon(() => sleep(5));
        for await (const n of numbers()) return n;
        return 0;
      });
      expect(await early).toBe(1);
      t.expectElapsed(5);
    },
  );
});

describeEverywhere("a cancellation from outside a group", (everywhere) => {
  everywhere(
    "a cancellation during the wait for the children belongs to the children, and the group waits on (CONF-F13)",
    async () => {
      const order: string[] = [];
      const scope = new CancelScope();
      const stubborn = deferred();
      const running = scope.run(() =>
        taskGroup((group) => {
          group.startSoon(async () => {
            order.push("begun");
            await sleepForever().finally(() => order.push("cancelled"));
          });
          group.startSoon(async () => {
            order.push("begun");
            await shield(() => stubborn.promise).finally(() => order.push("shielded"));
          });
          order.push("body");
        }).finally(() => order.push("group")),
      );
      await until(() => order.length === 3);
      scope.cancel();
      await until(() => order.length === 4);
      // Only the child that does not end keeps the group open.
      await sleep(5);
      expect(order).toEqual(["body", "begun", "begun", "cancelled"]);
      stubborn.resolve();
      await running;
      expect(order.slice(4)).toEqual(["shielded", "group"]);
      expect(scope.cancelCalled).toBe(true);
    },
  );

  everywhere(
    "the cancellation by a foreign signal passes every scope inside with its reason (CONF-F15)",
    async () => {
      const reason = { code: "the user has gone" };
      const controller = new AbortController();
      const ended: string[] = [];
      const inner = new CancelScope({ timeout: 60_000 });
      const op = Cancellable.withAbortSignal(controller.signal);
      const outcome = await op.settle(() =>
        moveOnAfter(60_000, () =>
          inner.run(() =>
            taskGroup(async (group) => {
              group.startSoon(() => sleepForever().finally(() => ended.push("child")));
              await sleep(1);
              controller.abort(reason);
              try {
                await sleepForever();
              } finally {
                ended.push("body");
              }
            }).finally(() => ended.push("group")),
          ),
        ),
      );
      expect(outcome.status).toBe("cancelled");
      if (outcome.status === "cancelled") expect(outcome.error.cause).toBe(reason);
      expect(ended.slice(0, 2).sort()).toEqual(["body", "child"]);
      expect(ended[2]).toBe("group");
      expect([inner.cancelCalled, inner.cancelledCaught]).toEqual([false, false]);
      expect([op.isCancelled, op.cancelledCaught]).toEqual([true, true]);
    },
  );

  everywhere(
    "an operating-system signal cancels everything, and its cancellation comes out (CONF-F16)",
    async () => {
      const ended: string[] = [];
      const error = await rejection(
        Cancellable.withSignal("SIGUSR2").run(() =>
          taskGroup(async (group) => {
            for (const name of ["one", "two"]) {
              group.startSoon(() => sleepForever().finally(() => ended.push(name)));
            }
            await sleep(1);
            process.kill(process.pid, "SIGUSR2");
            await shield(() => new Promise((resolve) => process.once("SIGUSR2", resolve)));
            await sleepForever();
          }),
        ),
      );
      expect(error).toMatchObject({ reason: "signal", signal: "SIGUSR2" });
      expect(ended).toEqual(["one", "two"]);
      expect(process.listenerCount("SIGUSR2")).toBe(0);
    },
  );
});

describeEverywhere("a group that is shielded while it is being cancelled", (everywhere) => {
  everywhere("the clean-up of the group ends, and its cancelled children are no failures", async (t) => {
    let task: Task<void> | undefined;
    let errors: readonly unknown[] | undefined;
    let cleaned = false;
    const result = await moveOnAfter(10, () =>
      taskGroup(async (group) => {
        task = group.startSoon(() => sleepForever());
        try {
          await sleepForever();
        } finally {
          group.scope.shield = true;
          await sleep(20);
          cleaned = true;
          errors = [...group.errors];
        }
      }),
    );
    expect([result, cleaned, task?.status, errors]).toEqual([undefined, true, "cancelled", []]);
    t.expectElapsed(30);
  });
});
