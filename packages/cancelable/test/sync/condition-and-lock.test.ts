import v8 from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Condition, Lock, moveOnAfter, sleep, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until } from "../until.ts";

describeEverywhere("the lock of a condition", (everywhere) => {
  everywhere(
    "a lock that breaks still reaches the waiters that remain after the first one left",
    async () => {
      const condition = new Condition();
      const ends: unknown[] = [];
      await taskGroup(async (group) => {
        const wait = (): Promise<void> => condition.lock.run(() => condition.wait());
        const first = group.startSoon(wait);
        group.startSoon(async () => void ends.push(await rejection(wait())));
        await until(() => condition.waiting === 2);
        first.cancel();
        await first.wait();
        group.startSoon(async () => void (await condition.acquire()));
      });
      expect(ends).toMatchObject([{ code: "ERR_BROKEN" }]);
    },
  );
});

test("a lock keeps no condition that has no waiters", async () => {
  v8.setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const lock = new Lock();
  const conditions = await (async () => {
    const unused = new Condition(lock);
    const used = new Condition(lock);
    await taskGroup((group) => {
      group.startSoon(() => lock.run(() => moveOnAfter(2, () => used.wait())));
      group.startSoon(() => lock.run(() => used.wait()));
      group.startSoon(async () => {
        await sleep(5);
        await lock.run(() => used.notifyAll());
      });
    });
    return [new WeakRef(unused), new WeakRef(used)];
  })();
  await sleep(1);
  gc();
  expect(conditions.map((one) => one.deref())).toEqual([undefined, undefined]);
  expect(lock.isLocked).toBe(false);
});
