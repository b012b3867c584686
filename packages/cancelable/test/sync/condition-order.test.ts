import { expect } from "vitest";
import { Condition, taskGroup } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { until } from "../until.ts";

describeEverywhere("Condition: order", (everywhere) => {
  everywhere(
    "notified waiters move to the line of the lock in order, without cancelled waiters (CONF-O02)",
    async () => {
      const condition = new Condition();
      const order: string[] = [];
      await taskGroup(async (group) => {
        const waiters = [];
        for (const name of ["a", "b", "c", "d"]) {
          waiters.push(
            group.startSoon(async () => {
              using _lease = await condition.acquire();
              await condition.wait();
              order.push(name);
            }),
          );
          await until(() => condition.waiting === waiters.length);
        }
        const lease = await condition.acquire();
        // A task that wants only the lock stands before the waiters that move into its line.
        group.startSoon(() => condition.lock.run(() => void order.push("before")));
        await until(() => condition.lock.waiting === 1);
        waiters[1]?.cancel();
        expect([condition.waiting, condition.lock.waiting]).toEqual([3, 1]);
        condition.notifyAll();
        expect([condition.waiting, condition.lock.waiting]).toEqual([0, 4]);
        lease[Symbol.dispose]();
      });
      expect(order).toEqual(["before", "a", "c", "d"]);
      expect([condition.lock.isLocked, condition.lock.waiting]).toEqual([false, 0]);
    },
  );
});
