import { expect } from "vitest";
import { Event, Lock, Queue, Semaphore, sleep, taskGroup } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("a cancelled wait loses nothing (rule 11)", (everywhere) => {
  const cases = {
    Lock: () => {
      const lock = new Lock();
      return { take: () => lock.acquire(), free: (lease: Disposable) => lease[Symbol.dispose]() };
    },
    Semaphore: () => {
      const semaphore = new Semaphore(1);
      return { take: () => semaphore.acquire(), free: (lease: Disposable) => lease[Symbol.dispose]() };
    },
  };
  for (const [name, create] of Object.entries(cases)) {
    everywhere(
      `${name}: a cancelled waiter gives its permit to the next waiter, in order of arrival`,
      async () => {
        const { take, free } = create();
        const order: string[] = [];
        const lease = await take();
        await taskGroup(async (group) => {
          const waiter = (label: string) =>
            group.startSoon(async () => {
              const mine = await take();
              order.push(label);
              free(mine);
            });
          const first = waiter("first");
          waiter("second");
          waiter("third");
          await sleep(1);
          // A waiter that is cancelled before the hand-over in the same turn does not get the permit (CONF-J05, CONF-K04).
          first.cancel();
          free(lease);
        });
        expect(order).toEqual(["second", "third"]);
      },
    );
  }

  everywhere("Queue: the item of a cancelled getter goes to the next getter (CONF-N18)", async () => {
    const queue = new Queue<string>(0);
    const got: string[] = [];
    await taskGroup(async (group) => {
      const dying = group.startSoon(async () => void got.push(`dying ${await queue.get()}`));
      group.startSoon(async () => void got.push(`next ${await queue.get()}`));
      await sleep(1);
      dying.cancel();
      queue.putNowait("item");
    });
    expect(got).toEqual(["next item"]);
  });

  everywhere("Queue: a cancelled put() has added nothing (CONF-N15)", async () => {
    const queue = new Queue<number>(1);
    queue.putNowait(1);
    await taskGroup(async (group) => {
      const putting = group.startSoon(() => queue.put(2));
      await sleep(1);
      putting.cancel();
    });
    expect([queue.getNowait(), queue.size, queue.waitingPutters]).toEqual([1, 0, 0]);
  });
});

describeEverywhere("the hand-over (rule 26)", (everywhere) => {
  everywhere(
    "of set() and a cancellation in the same turn the first decides whether the waiter was woken (CONF-I02, CONF-I03)",
    async () => {
      for (const [first, expected] of [
        ["set", "completed"],
        ["cancel", "cancelled"],
      ] as const) {
        await taskGroup(async (group) => {
          const event = new Event();
          const task = group.startSoon(() => event.wait());
          await sleep(1);
          if (first === "set") event.set();
          task.cancel();
          event.set();
          await task.wait();
          expect(task.status).toBe(expected);
          expect(event.waiting).toBe(0);
        });
      }
    },
  );

  everywhere(
    "an item that was handed over stays with its getter, whatever is cancelled afterwards (CONF-N17)",
    async () => {
      const queue = new Queue<string>();
      await taskGroup(async (group) => {
        const getter = group.startSoon(() => queue.get());
        await sleep(1);
        queue.putNowait("mine");
        expect(getter.cancel()).toBe(true);
        await getter.wait();
        expect(getter.value).toBe("mine");
      });
    },
  );

  everywhere(
    "a released permit belongs to the woken waiter before it runs (CONF-K02, CONF-J02)",
    async () => {
      const semaphore = new Semaphore(0);
      await taskGroup(async (group) => {
        group.startSoon(() => semaphore.acquire());
        await sleep(1);
        semaphore.release();
        expect(semaphore.value).toBe(0);
        expect(() => semaphore.acquireNowait()).toThrow(expect.objectContaining({ code: "ERR_WOULD_BLOCK" }));
      });
    },
  );
});
