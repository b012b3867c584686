import { expect } from "vitest";
import { type Lease, Lock, moveOnAfter, sleep, sleepForever, type Task, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until, usage } from "../until.ts";

describeEverywhere("Lock: mutual exclusion", (everywhere) => {
  everywhere(
    "two tasks are never inside at once, and they enter in order of arrival (CONF-J01, CONF-J02)",
    async () => {
      const lock = new Lock();
      const order: number[] = [];
      let inside = 0;
      await taskGroup((group) => {
        for (let i = 0; i < 5; i++) {
          group.startSoon(async () => {
            await lock.run(async () => {
              expect(++inside).toBe(1);
              await sleep(1);
              order.push(i);
              inside--;
            });
          });
        }
      });
      expect(order).toEqual([0, 1, 2, 3, 4]);
      expect([lock.isLocked, lock.waiting]).toEqual([false, 0]);
    },
  );

  everywhere("a task that comes back at once goes to the end of the line", async () => {
    const lock = new Lock();
    const order: string[] = [];
    await taskGroup(async (group) => {
      const held = await lock.acquire();
      for (const name of ["a", "b"]) {
        group.startSoon(async () => {
          for (let round = 0; round < 3; round++) {
            using _lease = await lock.acquire();
            order.push(name);
          }
        });
      }
      await until(() => lock.waiting === 2);
      held[Symbol.dispose]();
    });
    expect(order).toEqual(["a", "b", "a", "b", "a", "b"]);
  });

  everywhere("release() hands the lock over before the waiter runs (CONF-J02)", async () => {
    const lock = new Lock();
    await taskGroup(async (group) => {
      const held = await lock.acquire();
      const order: string[] = [];
      group.startSoon(async () => {
        using _lease = await lock.acquire();
        order.push("waiter");
      });
      await until(() => lock.waiting === 1);
      held[Symbol.dispose]();
      expect([lock.isLocked, lock.waiting, order]).toEqual([true, 0, []]);
      expect(() => lock.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
      using _again = await lock.acquire();
      expect(order).toEqual(["waiter"]);
    });
  });

  everywhere(
    "run() gives the value back, and releases the lock when the body throws (CONF-J01)",
    async () => {
      const lock = new Lock();
      expect(await lock.run(() => 42)).toBe(42);
      const failure = new Error("inside");
      expect(
        await rejection(
          lock.run(() => {
            throw failure;
          }),
        ),
      ).toBe(failure);
      expect(lock.isLocked).toBe(false);
      expect(await rejection(lock.run(undefined as never))).toBeInstanceOf(TypeError);
    },
  );

  everywhere("a body that is cancelled inside releases the lock (CONF-J01)", async () => {
    const lock = new Lock();
    await moveOnAfter(5, () => lock.run(() => sleepForever()));
    expect(lock.isLocked).toBe(false);
  });

  everywhere("acquireNowait takes a free lock (CONF-J04)", () => {
    const lock = new Lock();
    const lease = lock.acquireNowait();
    expect(lock.isLocked).toBe(true);
    expect(() => lock.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
    lease[Symbol.dispose]();
    expect(lock.isLocked).toBe(false);
  });

  everywhere("a lease that is disposed of twice does not take the lock from the next holder", async () => {
    const lock = new Lock();
    const first = await lock.acquire();
    first[Symbol.dispose]();
    const second = await lock.acquire();
    first[Symbol.dispose]();
    expect(lock.isLocked).toBe(true);
    second[Symbol.dispose]();
    expect(lock.isLocked).toBe(false);
  });
});

describeEverywhere("Lock: a cancelled wait loses nothing", (everywhere) => {
  everywhere("a cancelled waiter leaves the line, and the others keep their places (CONF-J05)", async () => {
    const lock = new Lock();
    const order: number[] = [];
    await taskGroup(async (group) => {
      const held = await lock.acquire();
      const tasks: Task<void>[] = [];
      for (let i = 0; i < 5; i++) {
        tasks.push(group.startSoon(() => lock.run(() => void order.push(i))));
      }
      await until(() => lock.waiting === 5);
      for (const i of [0, 2, 4]) tasks[i]?.cancel();
      expect(lock.waiting).toBe(2);
      held[Symbol.dispose]();
    });
    expect(order).toEqual([1, 3]);
    expect(lock.isLocked).toBe(false);
  });

  everywhere(
    "a waiter that is cancelled after the hand-over has the lock and gives it back (CONF-J05)",
    async () => {
      const lock = new Lock();
      const order: string[] = [];
      await taskGroup(async (group) => {
        const held = await lock.acquire();
        const lucky = group.startSoon(() => lock.run(() => void order.push("lucky")));
        group.startSoon(() => lock.run(() => void order.push("next")));
        await until(() => lock.waiting === 2);
        held[Symbol.dispose]();
        lucky.cancel();
      });
      expect(order).toEqual(["lucky", "next"]);
      expect(lock.isLocked).toBe(false);
    },
  );

  everywhere(
    "a waiter that is cancelled before the release leaves the lock to the next waiter (CONF-J05)",
    async () => {
      const lock = new Lock();
      const order: string[] = [];
      await taskGroup(async (group) => {
        const held = await lock.acquire();
        const dying = group.startSoon(() => lock.run(() => void order.push("dying")));
        group.startSoon(() => lock.run(() => void order.push("next")));
        await until(() => lock.waiting === 2);
        dying.cancel();
        held[Symbol.dispose]();
      });
      expect(order).toEqual(["next"]);
      expect(lock.isLocked).toBe(false);
    },
  );

  everywhere("in a cancelled scope even a free lock is not taken (CONF-A08)", async () => {
    const lock = new Lock();
    await moveOnAfter(null, async (scope) => {
      scope.cancel();
      expect(await rejection(lock.acquire())).toBe(scope.error);
    });
    expect(lock.isLocked).toBe(false);
  });
});

describeEverywhere("Lock: facts", (everywhere) => {
  everywhere("a free lock is acquired after one microtask, in which others run (CONF-J07)", async () => {
    const lock = new Lock();
    const order: string[] = [];
    void Promise.resolve().then(() => order.push("another"));
    // No turn of the event loop is given up: a turn would cost more than the lock.
    setImmediate(() => order.push("a turn"));
    {
      using _lease = await lock.acquire();
      order.push("had");
    }
    expect(order).toEqual(["another", "had"]);
    await until(() => order.length === 3);
  });

  everywhere("isLocked and the number of waiters are visible (CONF-J08)", async () => {
    const lock = new Lock();
    expect([lock.isLocked, lock.waiting]).toEqual([false, 0]);
    await taskGroup(async (group) => {
      const lease = await lock.acquire();
      const enter = () =>
        group.startSoon(async () => {
          using _lease = await lock.acquire();
        });
      const [first] = [enter(), enter(), enter()];
      await until(() => lock.waiting === 3);
      expect(lock.isLocked).toBe(true);
      first?.cancel();
      expect([lock.isLocked, lock.waiting]).toEqual([true, 2]);
      lease[Symbol.dispose]();
      // Handed over: the lock was never free.
      expect([lock.isLocked, lock.waiting]).toEqual([true, 1]);
    });
    expect([lock.isLocked, lock.waiting]).toEqual([false, 0]);
  });
});
