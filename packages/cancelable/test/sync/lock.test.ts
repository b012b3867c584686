import { expect } from "vitest";
import { type Lease, Lock, moveOnAfter, sleep, sleepForever, type Task, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until, usage } from "../until.ts";

describeEverywhere("Lock: mutual exclusion", (everywhere) => {
  everywhere("never are two inside, and they come in order of arrival (CONF-J01, CONF-J02)", async () => {
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
  });

  everywhere("who comes back at once goes to the end of the line", async () => {
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

  everywhere("a release hands it over before the waiter runs (CONF-J02)", async () => {
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

  everywhere("run gives the value back, and releases when the body throws (CONF-J01)", async () => {
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
  });

  everywhere("a body that is cancelled inside releases it (CONF-J01)", async () => {
    const lock = new Lock();
    await moveOnAfter(5, () => lock.run(() => sleepForever()));
    expect(lock.isLocked).toBe(false);
  });

  everywhere("acquireNowait takes it when it is free (CONF-J04)", () => {
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

describeEverywhere("Lock: ownership", (everywhere) => {
  everywhere("a task that holds it may not acquire it again (CONF-J03)", async () => {
    const lock = new Lock();
    await taskGroup((group) => {
      group.startSoon(async () => {
        using _lease = await lock.acquire();
        expect(await rejection(lock.acquire())).toMatchObject(usage("ERR_ALREADY_HELD"));
        expect(() => lock.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_ALREADY_HELD")));
      });
    });
    expect(lock.isLocked).toBe(false);
  });

  everywhere("only the task that holds it may release it, and only while it does (CONF-J03)", async () => {
    const lock = new Lock();
    expect(() => lock.release()).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
    await taskGroup(async (group) => {
      const owner = group.startSoon(async () => {
        await lock.acquire();
        await sleep(10);
        lock.release();
      });
      await until(() => lock.isLocked);
      expect(() => lock.release()).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
      await group.startSoon(() => {
        expect(() => lock.release()).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
      });
      expect(lock.isLocked).toBe(true);
      await owner;
      expect(lock.isLocked).toBe(false);
    });
  });

  everywhere("outside of tasks release takes what was acquired outside of tasks", async () => {
    const lock = new Lock();
    await lock.acquire();
    lock.release();
    expect(lock.isLocked).toBe(false);
  });

  everywhere("an owner that ends with it breaks it for who waits or comes (CONF-J06, CONF-O03)", async () => {
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
  });

  everywhere("a lease outlives its task in nobody's hands: disposing it later does nothing", async () => {
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

describeEverywhere("Lock: cancellation while waiting loses nothing", (everywhere) => {
  everywhere("a cancelled waiter leaves the line, the others keep their places (CONF-J05)", async () => {
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
    "handed over, then cancelled in the same turn: the waiter has it and gives it back (CONF-J05)",
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

  everywhere("cancelled, then released in the same turn: the next one has it (CONF-J05)", async () => {
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
  });

  everywhere("in a cancelled scope it is not taken even when it is free (CONF-A08)", async () => {
    const lock = new Lock();
    await moveOnAfter(null, async (scope) => {
      scope.cancel();
      expect(await rejection(lock.acquire())).toBe(scope.error);
    });
    expect(lock.isLocked).toBe(false);
  });
});

describeEverywhere("Lock", (everywhere) => {
  everywhere("that is free is had after a microtask, in which others run (CONF-J07)", async () => {
    const lock = new Lock();
    const order: string[] = [];
    void Promise.resolve().then(() => order.push("another"));
    // No turn of the event loop is given up for it: that would cost more than the lock.
    setImmediate(() => order.push("a turn"));
    {
      using _lease = await lock.acquire();
      order.push("had");
    }
    expect(order).toEqual(["another", "had"]);
    await until(() => order.length === 3);
  });

  everywhere("tells whether it is held, and how many wait (CONF-J08)", async () => {
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
      // Handed over: it has never been free.
      expect([lock.isLocked, lock.waiting]).toEqual([true, 1]);
    });
    expect([lock.isLocked, lock.waiting]).toEqual([false, 0]);
  });
});
