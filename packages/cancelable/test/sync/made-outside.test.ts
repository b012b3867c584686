import { expect } from "vitest";
import {
  CancelScope,
  CapacityLimiter,
  Condition,
  checkpoint,
  Event,
  Lock,
  Queue,
  Semaphore,
  sleep,
  type Task,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { deferred, describeEverywhere } from "../backends.ts";
import { until, usage } from "../until.ts";

// Made here, where nothing runs: each is used on every backend, one after the other.
const outside = {
  // An event is set for good: one for each backend.
  events: Array.from({ length: 5 }, () => new Event()),
  lock: new Lock(),
  semaphore: new Semaphore(1),
  limiter: new CapacityLimiter(1),
  condition: new Condition(),
  queue: new Queue<string>(1),
};

describeEverywhere("waiting for one promise", (everywhere) => {
  everywhere("wakes everybody; one that is cancelled disturbs nobody (CONF-H05)", async () => {
    const gate = deferred<string>();
    const got: string[] = [];
    await taskGroup(async (group) => {
      const waiter = (name: string) =>
        group.startSoon(async () => void got.push(`${name} ${await waitFor(gate.promise)}`));
      waiter("first");
      const dying = waiter("second");
      waiter("third");
      await sleep(1);
      dying.cancel();
      await dying.wait();
      expect([dying.status, got]).toEqual(["cancelled", []]);
      gate.resolve("news");
    });
    expect(got).toEqual(["first news", "third news"]);
  });
});

describeEverywhere("primitives made before anything runs", (everywhere) => {
  everywhere("work on every backend (CONF-I05)", async () => {
    const { events, lock, semaphore, limiter, condition, queue } = outside;
    for (const one of [lock, semaphore, limiter, condition]) {
      await taskGroup(async (group) => {
        const lease = await one.acquire();
        const other = group.startSoon(async () => {
          using _lease = await one.acquire();
        });
        await until(() => (one === condition ? condition.lock : (one as Lock)).waiting === 1);
        expect(other.status).toBe("running");
        lease[Symbol.dispose]();
      });
    }
    await taskGroup(async (group) => {
      const got = group.startSoon(() => queue.get());
      await until(() => queue.waitingGetters === 1);
      await queue.put("item");
      expect(await got).toBe("item");
      const event = events.pop();
      const waiting = group.startSoon(() => event?.wait());
      await until(() => event?.waiting === 1);
      event?.set();
      await waiting;
    });
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

describeEverywhere("CapacityLimiter", (everywhere) => {
  everywhere("tells who has borrowed, and how many wait (CONF-M07)", async () => {
    const limiter = new CapacityLimiter(2);
    const facts = (): unknown[] => [limiter.borrowed, limiter.available, limiter.waiting];
    expect(facts()).toEqual([0, 2, 0]);
    const [a, b] = [Symbol("a"), Symbol("b")];
    const leases = [await limiter.acquire(a), limiter.acquireNowait(b)];
    expect([limiter.borrowers, limiter.total]).toEqual([[a, b], 2]);
    await taskGroup(async (group) => {
      const dying = group.startSoon(() => limiter.acquire());
      const next: Task<boolean> = group.startSoon(() => limiter.run(() => limiter.borrowers.includes(next)));
      await until(() => limiter.waiting === 2);
      expect(facts()).toEqual([2, 0, 2]);
      dying.cancel();
      expect(facts()).toEqual([2, 0, 1]);
      leases[0]?.[Symbol.dispose]();
      expect([...facts(), limiter.borrowers]).toEqual([2, 0, 0, [b, next]]);
      expect(await next).toBe(true);
    });
    leases[1]?.[Symbol.dispose]();
    expect([...facts(), limiter.borrowers]).toEqual([0, 2, 0, []]);
  });
});

describeEverywhere("Queue", (everywhere) => {
  everywhere("tells how much is in it, and who waits at which end (CONF-N21)", async () => {
    const queue = new Queue<number>(2);
    const facts = (): unknown[] => [queue.size, queue.waitingPutters, queue.waitingGetters, queue.isClosed];
    expect([queue.capacity, ...facts()]).toEqual([2, 0, 0, 0, false]);
    queue.putNowait(1);
    queue.putNowait(2);
    await taskGroup(async (group) => {
      const dying = group.startSoon(() => queue.put(3));
      group.startSoon(() => queue.put(4));
      await until(() => queue.waitingPutters === 2);
      expect(facts()).toEqual([2, 2, 0, false]);
      dying.cancel();
      expect(facts()).toEqual([2, 1, 0, false]);
      expect([queue.getNowait(), ...facts()]).toEqual([1, 2, 0, 0, false]);
      expect([queue.getNowait(), queue.getNowait(), ...facts()]).toEqual([2, 4, 0, 0, 0, false]);
      expect(() => queue.getNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
      const scope = new CancelScope();
      group.startSoon(() => scope.run(() => queue.get()));
      group.startSoon(() => queue.get());
      await until(() => queue.waitingGetters === 2);
      scope.cancel();
      expect(facts()).toEqual([0, 0, 1, false]);
      queue.putNowait(5);
    });
    queue.close();
    expect(facts()).toEqual([0, 0, 0, true]);
  });

  everywhere("ends its readers when the last of many producers has ended (CONF-N23)", async () => {
    const queue = new Queue<string>(0);
    const got: string[] = [];
    await taskGroup(async (group) => {
      group.startSoon(async () => {
        using _closing = queue;
        await taskGroup((producers) => {
          for (const name of ["a", "b", "c"]) {
            producers.startSoon(async () => {
              for (let i = 0; i < 3; i++) {
                await queue.put(`${name}${i}`);
                await checkpoint();
              }
            });
          }
        });
      });
      for await (const item of queue) got.push(item);
      expect(queue.isClosed).toBe(true);
    });
    expect(got.sort()).toEqual(["a0", "a1", "a2", "b0", "b1", "b2", "c0", "c1", "c2"]);
  });
});
