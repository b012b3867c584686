import { expect } from "vitest";
import { Condition, taskGroup } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { until } from "../until.ts";

describeEverywhere("Condition", (everywhere) => {
  everywhere(
    "moves who is notified to the lock's line, in order, without the cancelled (CONF-O02)",
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
        // Somebody who wants the lock alone stands before those who are moved into its line.
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
