import { expect } from "vitest";
import { CancelScope, Queue, sleep, type Task, taskGroup } from "../../src/index.ts";
import { describeEverywhere, inVirtualTime } from "../backends.ts";
import { until, usage } from "../until.ts";

const tooOften = expect.objectContaining(usage("ERR_RELEASED_TOO_OFTEN"));

describeEverywhere("Queue: join and done", (everywhere) => {
  everywhere(
    "join() resolves at once for a queue that was never used, and for one that is done",
    async () => {
      const queue = new Queue<number>();
      await queue.join();
      queue.putNowait(1);
      queue.getNowait();
      queue.done();
      await queue.join();
    },
  );

  everywhere(
    "after a consumer that died and closeReceiving(), join() waits for the items that were taken (SYNC-21)",
    async () => {
      const queue = new Queue<number>();
      for (let i = 0; i < 4; i++) queue.putNowait(i);
      await taskGroup(async (group) => {
        const joined = group.startSoon(() => queue.join());
        await group.startSoon(async () => {
          await queue.get(); // and no done()
          await queue.get();
          queue.done();
        });
        queue.closeReceiving();
        await sleep(0);
        expect(joined.status).toBe("running");
        queue.done();
        await joined;
      });
      expect(() => queue.done()).toThrow(tooOften);
    },
  );

  everywhere("done() is refused before an item was taken, and after the last one (SYNC-21)", async () => {
    const queue = new Queue<number>(0);
    expect(() => queue.done()).toThrow(tooOften);
    const getting = queue.get();
    queue.putNowait(1);
    queue.done();
    expect(() => queue.done()).toThrow(tooOften);
    expect(await getting).toBe(1);
  });

  everywhere("an item that a waiting get() or put() hands over counts as taken", async () => {
    const queue = new Queue<number>(0);
    await taskGroup(async (group) => {
      const putter = group.startSoon(() => queue.put(1));
      await until(() => queue.waitingPutters === 1);
      await queue.join(); // the item of a waiting put was not accepted yet
      queue.getNowait();
      const joined = group.startSoon(() => queue.join());
      await putter;
      expect(joined.status).toBe("running");
      queue.done();
    });
  });

  everywhere("an item that is dropped is not waited for", async () => {
    const queue = new Queue<number>(1, { overflow: "drop-oldest" });
    await taskGroup(async (group) => {
      for (let i = 0; i < 3; i++) queue.putNowait(i);
      const joined = group.startSoon(() => queue.join());
      expect(queue.getNowait()).toBe(2);
      queue.done();
      await joined;
    });
  });

  everywhere("join() is a checkpoint, and a cancelled join() leaves no waiter", async () => {
    const queue = new Queue<number>();
    queue.putNowait(1);
    const scope = new CancelScope();
    await taskGroup(async (group) => {
      const joined = group.startSoon(() => scope.run(() => queue.join()));
      await sleep(0);
      scope.cancel();
      await joined;
    });
    expect(scope.cancelledCaught).toBe(true);
    queue.getNowait();
    queue.done();
    const cancelled = new CancelScope();
    await cancelled.run(() => {
      cancelled.cancel();
      return queue.join();
    });
    expect(cancelled.cancelledCaught).toBe(true);
  });
});

inVirtualTime("join() waits for the work, not only for the items", async ({ elapsed }) => {
  const queue = new Queue<number>(1);
  const joins: Task<number>[] = [];
  await taskGroup(async (group) => {
    for (let worker = 0; worker < 2; worker++) {
      group.startSoon(async () => {
        for await (const item of queue) {
          await sleep(item);
          queue.done();
        }
      });
    }
    for (const item of [30, 50, 20]) await queue.put(item);
    for (let i = 0; i < 2; i++) joins.push(group.startSoon(() => queue.join().then(elapsed)));
    await queue.join();
    queue.close();
  });
  expect(await Promise.all(joins)).toEqual([50, 50]);
});
