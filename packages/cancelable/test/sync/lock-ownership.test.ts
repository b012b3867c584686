import { expect } from "vitest";
import { AsyncEvent, type Lease, Lock, sleep, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until, usage } from "../until.ts";

describeEverywhere("Lock: ownership", (everywhere) => {
  everywhere("a second acquire() in the task that holds the lock waits (rule 11, CONF-J03)", async () => {
    const lock = new Lock();
    const order: string[] = [];
    const save = (name: string, ms: number): Promise<void> =>
      lock.run(async () => {
        order.push(`${name} in`);
        await sleep(ms);
        order.push(`${name} out`);
      });
    await taskGroup((group) => {
      group.startSoon(async () => {
        await Promise.all([save("a", 5), save("b", 1)]);
        const lease = await lock.acquire();
        expect(() => lock.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
        lease.release();
        lease.release();
      });
    });
    expect(order).toEqual(["a in", "a out", "b in", "b out"]);
    expect(lock.isLocked).toBe(false);
  });

  everywhere(
    "only the task that holds the lock may release it, and only while it holds it (CONF-J03)",
    async () => {
      const lock = new Lock();
      const enough = new AsyncEvent();
      expect(() => lock.release()).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
      await taskGroup(async (group) => {
        const owner = group.startSoon(async () => {
          await lock.acquire();
          await enough.wait();
          lock.release();
        });
        await until(() => lock.isLocked);
        expect(() => lock.release()).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
        await group.startSoon(() => {
          expect(() => lock.release()).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
        });
        expect(lock.isLocked).toBe(true);
        enough.set();
        await owner;
        expect(lock.isLocked).toBe(false);
      });
    },
  );

  everywhere(
    "outside every task, release() releases a lock that was acquired outside every task",
    async () => {
      const lock = new Lock();
      await lock.acquire();
      lock.release();
      expect(lock.isLocked).toBe(false);
    },
  );

  everywhere(
    "an owner that ends while it holds the lock breaks it for waiting and later tasks (CONF-J06, CONF-O03)",
    async () => {
      const lock = new Lock();
      const errors: unknown[] = [];
      await taskGroup(async (group) => {
        const owner = group.startSoon(async () => {
          await lock.acquire();
          await until(() => lock.waiting === 2);
        });
        for (let i = 0; i < 2; i++) {
          group.startSoon(async () => {
            await until(() => lock.isLocked);
            errors.push(await rejection(lock.acquire()));
          });
        }
        await owner;
      });
      errors.push(await rejection(lock.acquire()));
      expect(errors).toEqual([1, 2, 3].map(() => expect.objectContaining(usage("ERR_BROKEN"))));
      expect(() => lock.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_BROKEN")));
    },
  );

  everywhere("disposing of a lease after its task has ended does nothing", async () => {
    const lock = new Lock();
    let kept: Lease | undefined;
    await taskGroup((group) => {
      group.startSoon(async () => {
        kept = await lock.acquire();
      });
    });
    kept?.[Symbol.dispose]();
    expect(await rejection(lock.acquire())).toMatchObject(usage("ERR_BROKEN"));
  });
});
