import { expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { until } from "../sync/until.ts";

describeEverywhere("an error that leaves a group", (everywhere) => {
  everywhere("is the object that was thrown, with the cause that it had (CONF-F10)", async () => {
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
    // A failure that is thrown again while another one is handled gets no cause, and none of itself.
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

  everywhere("may be what ends an iteration: only a return is a normal end (CONF-F11)", async (t) => {
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
  });
});

describeEverywhere("a cancellation from outside", (everywhere) => {
  everywhere("while the group waits for its children is theirs, and it waits on (CONF-F13)", async () => {
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
    // Nothing but the child that does not end holds it up.
    await sleep(5);
    expect(order).toEqual(["body", "begun", "begun", "cancelled"]);
    stubborn.resolve();
    await running;
    expect(order.slice(4)).toEqual(["shielded", "group"]);
    expect(scope.cancelCalled).toBe(true);
  });

  everywhere("of a foreign signal passes every scope inside, with its reason (CONF-F15)", async () => {
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
  });

  everywhere("of the operating system cancels everything, and comes out (CONF-F16)", async () => {
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
  });
});
