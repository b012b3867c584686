import { expect } from "vitest";
import {
  CancelScope,
  Condition,
  type Lease,
  Lock,
  moveOnAfter,
  sleep,
  type Task,
  type TaskGroup,
  taskGroup,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { wrong } from "../refusals.ts";
import { until, usage } from "../until.ts";

/** Starts `count` tasks that wait for a notification and then record their number while they hold the lock. */
async function startWaiters(
  group: TaskGroup,
  condition: Condition,
  count: number,
  order: number[],
): Promise<Task<void>[]> {
  const tasks: Task<void>[] = [];
  for (let i = 0; i < count; i++) {
    tasks.push(
      group.startSoon(async () => {
        using _lease = await condition.acquire();
        await condition.wait();
        expect(condition.lock.isLocked).toBe(true);
        order.push(i);
      }),
    );
    await until(() => condition.waiting === i + 1);
  }
  return tasks;
}

describeEverywhere("Condition", (everywhere) => {
  everywhere("wait and notify need the lock (CONF-L01)", async () => {
    const condition = new Condition();
    expect(await rejection(condition.wait())).toMatchObject(usage("ERR_NOT_HELD"));
    expect(() => condition.notify()).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
    expect(() => condition.notifyAll()).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
    expect(() => condition.release()).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
    using _lease = condition.acquireNowait();
    expect(() => condition.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
  });

  everywhere("a waiter whose notifier ends while it holds the lock finds the lock broken", async () => {
    const condition = new Condition();
    await taskGroup(async (group) => {
      const waiter = group.startSoon(async () => {
        await condition.acquire();
        return rejection(condition.wait());
      });
      await until(() => condition.waiting === 1);
      const left = group.startSoon(async () => {
        await condition.acquire();
        condition.notify();
      });
      await left;
      expect(await waiter).toMatchObject(usage("ERR_BROKEN"));
    });
  });

  everywhere("a waiter that is cancelled while the lock breaks receives the cancellation", async () => {
    const condition = new Condition();
    await taskGroup(async (group) => {
      const waiter = group.startSoon(async () => {
        await condition.acquire();
        return rejection(condition.wait());
      });
      await until(() => condition.waiting === 1);
      group.startSoon(async () => {
        await condition.acquire();
        waiter.cancel("shutdown");
      });
      expect(await waiter).toMatchObject({ reason: "shutdown" });
      expect(await rejection(condition.acquire())).toMatchObject(usage("ERR_BROKEN"));
    });
  });

  everywhere("a waiter whose lease was given back during the wait does not get the lock again", async () => {
    const condition = new Condition();
    await taskGroup(async (group) => {
      let lease: Lease | undefined;
      const waiter = group.startSoon(async () => {
        lease = await condition.acquire();
        return rejection(condition.wait());
      });
      await until(() => condition.waiting === 1);
      using held = await condition.acquire();
      condition.notify();
      lease?.[Symbol.dispose]();
      held[Symbol.dispose]();
      expect(await waiter).toMatchObject(usage("ERR_NOT_HELD"));
      expect(condition.lock.isLocked).toBe(false);
    });
  });

  everywhere("a task that does not hold the lock cannot wait (CONF-L01)", async () => {
    const condition = new Condition();
    using _lease = await condition.acquire();
    await taskGroup(async (group) => {
      await group.startSoon(async () => {
        expect(await rejection(condition.wait())).toMatchObject(usage("ERR_NOT_HELD"));
      });
    });
    expect(condition.lock.isLocked).toBe(true);
  });

  everywhere(
    "notify wakes the first n waiters, which run when the lock is released (CONF-L02, CONF-O01)",
    async () => {
      const condition = new Condition();
      const order: number[] = [];
      await taskGroup(async (group) => {
        await startWaiters(group, condition, 5, order);
        expect(condition.lock.isLocked).toBe(false);
        {
          using _lease = await condition.acquire();
          condition.notify(2);
          expect([condition.waiting, condition.lock.waiting]).toEqual([3, 2]);
          await sleep(5);
          expect(order).toEqual([]);
        }
        await until(() => order.length === 2);
        using _lease = await condition.acquire();
        condition.notify();
        condition.notifyAll();
        expect([condition.waiting, condition.lock.waiting]).toEqual([0, 3]);
      });
      expect(order).toEqual([0, 1, 2, 3, 4]);
      expect(condition.lock.isLocked).toBe(false);
    },
  );

  everywhere("a notification without a waiter is lost (CONF-O01)", async () => {
    const condition = new Condition();
    await taskGroup(async (group) => {
      {
        using _lease = await condition.acquire();
        condition.notifyAll();
      }
      const order: number[] = [];
      const [task] = await startWaiters(group, condition, 1, order);
      task?.cancel();
      await task?.wait();
      expect([task?.status, order]).toEqual(["cancelled", []]);
    });
  });

  everywhere("a cancelled waiter holds the lock again before its error comes out (CONF-L03)", async () => {
    const condition = new Condition();
    const order: string[] = [];
    await taskGroup(async (group) => {
      const waiter = group.startSoon(async () => {
        using _lease = await condition.acquire();
        try {
          await condition.wait();
        } finally {
          order.push(`thrown, locked: ${condition.lock.isLocked}`);
        }
      });
      await until(() => condition.waiting === 1);
      const held = await condition.acquire();
      waiter.cancel();
      expect([condition.waiting, condition.lock.waiting]).toEqual([0, 0]);
      await until(() => condition.lock.waiting === 1);
      order.push("released");
      held[Symbol.dispose]();
      await waiter.wait();
      expect(waiter.status).toBe("cancelled");
    });
    expect(order).toEqual(["released", "thrown, locked: true"]);
    expect(condition.lock.isLocked).toBe(false);
  });

  everywhere(
    "a waiter that is cancelled before the notification leaves it to the next waiter (CONF-L04)",
    async () => {
      const condition = new Condition();
      const order: number[] = [];
      await taskGroup(async (group) => {
        const tasks = await startWaiters(group, condition, 2, order);
        using _lease = await condition.acquire();
        tasks[0]?.cancel();
        condition.notify();
      });
      expect(order).toEqual([1]);
      expect([condition.waiting, condition.lock.isLocked]).toEqual([0, false]);
    },
  );

  everywhere(
    "a waiter that is cancelled after the notification, in the line of the lock, was notified",
    async () => {
      const condition = new Condition();
      const order: number[] = [];
      await taskGroup(async (group) => {
        const [task] = await startWaiters(group, condition, 1, order);
        {
          using _lease = await condition.acquire();
          condition.notify();
          task?.cancel();
          await sleep(0);
          expect(order).toEqual([]);
        }
        await task?.wait();
        expect(task?.status).toBe("completed");
      });
      expect(order).toEqual([0]);
      expect(condition.lock.isLocked).toBe(false);
    },
  );

  everywhere(
    "waitUntil checks the predicate while it holds the lock, and gives the predicate's value (CONF-L05)",
    async () => {
      const condition = new Condition();
      let items = 0;
      let asked = 0;
      await taskGroup(async (group) => {
        const waiter = group.startSoon(async () => {
          using _lease = await condition.acquire();
          return await condition.waitUntil(() => {
            expect(condition.lock.isLocked).toBe(true);
            asked++;
            return items >= 2 && `${items} items`;
          });
        });
        for (let round = 1; round <= 2; round++) {
          await until(() => condition.waiting === 1);
          using _lease = await condition.acquire();
          items++;
          condition.notify();
        }
        expect(await waiter).toBe("2 items");
      });
      expect(asked).toBe(3);
    },
  );

  everywhere(
    "waitUntil refuses a predicate that returns a promise, which would always be truthy",
    async () => {
      const condition = new Condition();
      using _lease = await condition.acquire();
      const error = await rejection(condition.waitUntil(async () => Promise.reject(new Error("unseen"))));
      expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARG_TYPE" });
      expect(condition.lock.isLocked).toBe(true);
    },
  );

  everywhere("waitUntil does not wait when the predicate holds already", async () => {
    const condition = new Condition();
    using _lease = await condition.acquire();
    expect(await condition.waitUntil(() => "there")).toBe("there");
    expect(await rejection(condition.waitUntil(undefined as never))).toBeInstanceOf(TypeError);
  });

  everywhere("conditions may share a lock, and accept nothing else (CONF-L06)", async () => {
    const lock = new Lock();
    const full = new Condition(lock);
    const empty = new Condition(lock);
    const lease = await full.acquire();
    expect(() => empty.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
    lease[Symbol.dispose]();
    expect(() => new Condition({} as never)).toThrow(/lock must be a Lock/);
  });

  everywhere("disposing of a lease during the wait does not release another task's lock", async () => {
    const condition = new Condition();
    const waiting = await condition.acquire();
    await moveOnAfter(null, async (scope) => {
      const wait = rejection(condition.wait());
      const held = await condition.acquire();
      waiting[Symbol.dispose]();
      expect(condition.lock.isLocked).toBe(true);
      expect(() => condition.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
      scope.cancel();
      held[Symbol.dispose]();
      await wait;
    });
  });

  everywhere("notify takes whole numbers of at least 1", async () => {
    const condition = new Condition();
    using _lease = await condition.acquire();
    for (const count of [0, -1, 1.5, Number.NaN]) expect(() => condition.notify(count)).toThrow(RangeError);
  });

  everywhere("a wait with wrong options, or in a given scope that is cancelled, keeps the lock", async () => {
    const lock = new Lock();
    const condition = new Condition(lock);
    const scope = new CancelScope();
    using _ = await lock.acquire();
    expect(await rejection(condition.wait(wrong({ scop: scope })))).toMatchObject({
      code: "ERR_UNKNOWN_OPTION",
    });
    await scope.run(async () => {
      const waiting = rejection(condition.wait({ scope }));
      expect(lock.isLocked).toBe(false);
      scope.cancel();
      expect(await waiting).toBe(scope.error);
      expect(lock.isLocked).toBe(true);
    });
  });

  everywhere("in a cancelled scope wait() throws and keeps the lock (CONF-A08)", async () => {
    const condition = new Condition();
    using _lease = await condition.acquire();
    await moveOnAfter(null, async (scope) => {
      scope.cancel();
      expect(await rejection(condition.wait())).toBe(scope.error);
    });
    expect(condition.lock.isLocked).toBe(true);
  });
});
