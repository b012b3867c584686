import { expect } from "vitest";
import { Event, moveOnAfter, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until } from "../until.ts";

describeEverywhere("Event", (everywhere) => {
  everywhere("set() wakes every waiter in order, and later waits end at once (CONF-I01)", async () => {
    const event = new Event();
    const order: number[] = [];
    expect(event.isSet).toBe(false);
    await taskGroup(async (group) => {
      for (let i = 0; i < 3; i++) {
        group.startSoon(async () => {
          await event.wait();
          order.push(i);
        });
      }
      await until(() => event.waiting === 3);
      event.set();
      expect([event.isSet, event.waiting]).toEqual([true, 0]);
    });
    await event.wait();
    event.set();
    expect(event.isSet).toBe(true);
    expect(order).toEqual([0, 1, 2]);
  });

  everywhere("the wait for a set event is still a checkpoint (CONF-I01)", async () => {
    const event = new Event();
    event.set();
    await moveOnAfter(null, async (scope) => {
      scope.cancel();
      expect(await rejection(event.wait())).toBe(scope.error);
    });
  });

  everywhere("the number of waiters is exact after cancellations (CONF-I04)", async () => {
    const event = new Event();
    await taskGroup(async (group) => {
      const tasks = [0, 1, 2].map(() => group.startSoon(() => event.wait()));
      await until(() => event.waiting === 3);
      tasks[1]?.cancel();
      expect(event.waiting).toBe(2);
      await tasks[1]?.wait();
      event.set();
      for (const task of tasks) await task.wait();
      expect(tasks.map((task) => task.status)).toEqual(["completed", "cancelled", "completed"]);
    });
  });

  everywhere("of two waiters in different scopes only the cancelled one ends", async () => {
    const event = new Event();
    await taskGroup(async (group) => {
      const other = group.startSoon(() => event.wait());
      expect(await moveOnAfter(5, () => event.wait().then(() => "set"))).toBeUndefined();
      expect([event.waiting, other.status]).toEqual([1, "running"]);
      event.set();
    });
  });

  everywhere(
    "reset() clears the flag, and calls that waited at set() wake all the same (SYNC-24)",
    async () => {
      const event = new Event();
      const waited = [event.wait(), event.wait()];
      event.set();
      event.reset();
      expect([event.isSet, event.waiting]).toEqual([false, 0]);
      await Promise.all(waited);
      expect(await moveOnAfter(5, () => event.wait().then(() => "woken"))).toBeUndefined();
      event.set();
      event.reset();
      event.set();
      await event.wait();
    },
  );

  everywhere("two tasks that set and reset in turn wake each other every time (SYNC-24)", async () => {
    const [ping, pong] = [new Event(), new Event()];
    const rounds = 1_000;
    let woken = 0;
    await taskGroup((group) => {
      group.startSoon(async () => {
        let next = ping.wait();
        while (woken < rounds) {
          await next;
          if (++woken < rounds) next = ping.wait();
          pong.set();
          pong.reset();
        }
      });
      group.startSoon(async () => {
        for (let i = 0; i < rounds; i++) {
          const answer = pong.wait();
          ping.set();
          ping.reset();
          await answer;
        }
      });
    });
    expect(woken).toBe(rounds);
  });
});
