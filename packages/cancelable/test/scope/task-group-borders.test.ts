import { expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  currentOperation,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  type TaskGroup,
  taskGroup,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection, stepRecorder } from "../backends.ts";

describeEverywhere("a child between start() and started()", (everywhere) => {
  everywhere("the child holds a group open in which nothing else runs", async () => {
    const { step, finish } = stepRecorder();
    const failure = new Error("not ready");
    await taskGroup(async (outer) => {
      const opened = deferred<TaskGroup>();
      outer.startSoon(async () => {
        const group = await opened.promise;
        const starting = group.start(async () => {
          await sleep(5);
          step(2);
          throw failure;
        });
        expect(await rejection(starting)).toBe(failure);
      });
      await taskGroup(async (group) => {
        opened.resolve(group);
        await sleep(1);
        step(1);
      });
      finish(3);
    });
  });

  everywhere("the scopes that the child has opened move to the group's operation", async () => {
    await new Cancellable({ name: "service" }).run(async (service) => {
      await taskGroup(async (group) => {
        const gate = deferred();
        const below: Cancellable[] = [];
        const inside: Array<string | undefined> = [];
        await new Cancellable({ name: "starter" }).run(async (starter) => {
          await group.start<void>(async (started) => {
            const op = new Cancellable({ name: "below" });
            const running = op.run(() => gate.promise);
            const scope = moveOnAfter(null, async () => {
              inside.push(currentOperation()?.name);
              await gate.promise;
              inside.push(currentOperation()?.name);
            });
            below.push(...starter.children);
            started();
            await Promise.all([running, scope]);
          });
          expect(below.map(({ name }) => name)).toEqual(["below"]);
          expect(starter.children).toEqual([]);
        });
        expect(below[0]?.parent).toBe(service);
        expect(service.children).toEqual(below);
        gate.resolve();
        await group.tasks[0];
        expect(inside).toEqual(["starter", "service"]);
      });
    });
  });
});

describeEverywhere("a cancelled group", (everywhere) => {
  everywhere(
    "a group with a shield does not reject with an outer cancellation that the shield keeps out",
    async () => {
      const outer = new CancelScope();
      await outer.run(async () => {
        const value = await taskGroup(async (group) => {
          group.scope.shield = true;
          group.startSoon(() => sleepForever());
          await sleep(1);
          outer.cancel();
          group.cancel();
          await shield(() => sleep(1));
          return "value";
        });
        expect(value).toBe("value");
      });
      expect([outer.cancelCalled, outer.cancelledCaught]).toEqual([true, false]);
    },
  );

  everywhere("tasks that are being cancelled stay in the list until they have ended", async () => {
    await taskGroup(async (group) => {
      const task = group.startSoon(async () => {
        try {
          await sleepForever();
        } finally {
          await shield(() => sleep(1));
        }
      });
      await sleep(1);
      expect(task.status).toBe("running");
      group.cancel();
      expect(task.status).toBe("cancelling");
      await shield(() => task.wait());
      expect(task.status).toBe("cancelled");
    });
  });
});

describeEverywhere("a group of errors that loses its cancelled errors", (everywhere) => {
  everywhere("the rebuilt group keeps message and cause", async () => {
    const cause = new Error("why");
    const other = new Error("other");
    const scope = new CancelScope();
    const error = await rejection(
      scope.run(() => {
        scope.cancel();
        throw new AggregateError([scope.error, other], "two things", { cause });
      }),
    );
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({ message: "two things", errors: [other], cause });
  });
});
