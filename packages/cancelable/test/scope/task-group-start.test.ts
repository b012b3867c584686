import { expect } from "vitest";
import { CancelScope, sleep, sleepForever, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("start", (everywhere) => {
  everywhere("of a child that met no checkpoint in a cancelled scope succeeds (CONF-G07)", async () => {
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
  });

  everywhere("is not needed for a child that could be start()ed (CONF-G08)", async () => {
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

  everywhere("gives the value; the child is among the group's tasks, to be awaited (CONF-G12)", async () => {
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

  everywhere("a child that has not started may fail others in an outer group (CONF-G13)", async (t) => {
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
  });
});
