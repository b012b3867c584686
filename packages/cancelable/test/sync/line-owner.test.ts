import { expect } from "vitest";
import {
  CancelScope,
  CapacityLimiter,
  Condition,
  Deferred,
  Event,
  Lock,
  Queue,
  Semaphore,
  sleep,
  taskGroup,
} from "../../src/index.ts";
import { Barrier, Broadcast } from "../../src/sync/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

interface Case {
  readonly of: {
    readonly waiting: number;
    rejectWaiters(error: unknown): void;
    whenIdle(options?: { readonly scope?: CancelScope | undefined }): Promise<void>;
  };
  /** A wait that does not end by itself. */
  readonly wait: () => Promise<unknown>;
  /** Serves all waiters and releases all leases. */
  readonly finish: () => void;
}

function leases(of: Case["of"] & { acquire(): Promise<Disposable> }, held: Disposable): Case {
  return {
    of,
    wait: async () => {
      using _lease = await of.acquire();
    },
    finish: () => held[Symbol.dispose](),
  };
}

const cases: Readonly<Record<string, () => Case>> = {
  Lock: () => {
    const lock = new Lock();
    return leases(lock, lock.acquireNowait());
  },
  Semaphore: () => {
    const semaphore = new Semaphore(1);
    return leases(semaphore, semaphore.acquireNowait());
  },
  CapacityLimiter: () => {
    const limiter = new CapacityLimiter(1);
    return leases(limiter, limiter.acquireNowait());
  },
  "Queue, get": () => {
    const queue = new Queue<number>();
    const finish = (): void => {
      while (queue.waitingGetters > 0) queue.putNowait(1);
    };
    return { of: queue, wait: () => queue.get(), finish };
  },
  "Queue, put": () => {
    const queue = new Queue<number>(1);
    queue.putNowait(1);
    const finish = (): void => {
      while (queue.size > 0) queue.getNowait();
    };
    return { of: queue, wait: () => queue.put(1), finish };
  },
  Event: () => {
    const event = new Event();
    return { of: event, wait: () => event.wait(), finish: () => event.set() };
  },
  Deferred: () => {
    const deferred = new Deferred<number>();
    return { of: deferred, wait: () => deferred.wait(), finish: () => deferred.resolve(1) };
  },
  Condition: () => {
    const condition = new Condition();
    return {
      of: condition,
      wait: async () => {
        using _lease = await condition.acquire();
        await condition.wait();
      },
      finish: () => {
        using _lease = condition.acquireNowait();
        condition.notifyAll();
      },
    };
  },
  Barrier: () => {
    const barrier = new Barrier(5);
    const finish = (): void => {
      while (barrier.waiting > 0) void barrier.wait();
    };
    return { of: barrier, wait: () => barrier.wait(), finish };
  },
  Broadcast: () => {
    const broadcast = new Broadcast<number>();
    const full = broadcast.subscribe({ capacity: 1 });
    broadcast.publishNowait(1);
    return { of: broadcast, wait: () => broadcast.publish(2), finish: () => full.close() };
  },
  Subscription: () => {
    const broadcast = new Broadcast<number>();
    const subscription = broadcast.subscribe();
    const finish = (): void => {
      while (subscription.waiting > 0) broadcast.publishNowait(1);
    };
    return { of: subscription, wait: () => subscription.get(), finish };
  },
};

describeEverywhere("the waiters of a primitive", (everywhere) => {
  for (const [name, create] of Object.entries(cases)) {
    everywhere(
      `${name}: rejectWaiters rejects the calls that wait now, and the primitive goes on (SYNC-03)`,
      async () => {
        const { of, wait, finish } = create();
        const error = new Error("maintenance");
        const waits = [wait(), wait(), wait()].map(rejection);
        await sleep(1);
        expect(of.waiting).toBe(3);
        of.rejectWaiters(error);
        expect(of.waiting).toBe(0);
        for (const one of waits) expect(await one).toBe(error);
        await taskGroup(async (group) => {
          group.startSoon(wait);
          await sleep(1);
          expect(of.waiting).toBe(1);
          finish();
        });
        await of.whenIdle();
        expect(of.waiting).toBe(0);
      },
    );

    everywhere(`${name}: whenIdle waits until the last waiter and the last holder have left`, async () => {
      const { of, wait, finish } = create();
      await taskGroup(async (group) => {
        const cancelled = group.startSoon(wait);
        group.startSoon(wait);
        await sleep(1);
        let isIdle = false;
        const idle = group.startSoon(async () => {
          await of.whenIdle();
          isIdle = true;
        });
        cancelled.cancel();
        await cancelled.wait(); // it has released what it held
        await sleep(1);
        expect([of.waiting, isIdle]).toEqual([1, false]);
        finish();
        await idle.wait();
        expect([of.waiting, isIdle]).toEqual([0, true]);
      });
    });

    everywhere(`${name}: a wait for the idle state ends with its scope, and is no waiter`, async () => {
      const { of, wait, finish } = create();
      const scope = new CancelScope();
      await taskGroup(async (group) => {
        group.startSoon(wait);
        await sleep(1);
        await scope.run(async () => {
          const idle = rejection(of.whenIdle({ scope }));
          expect(of.waiting).toBe(1);
          scope.cancel();
          expect(await idle).toBe(scope.error);
        });
        finish();
      });
    });
  }

  for (const name of ["Event", "Deferred", "Condition", "Queue, get", "Barrier", "Subscription"] as const) {
    everywhere(`${name}: is idle when its only waiter is cancelled`, async () => {
      const { of, wait } = (cases[name] as () => Case)();
      await taskGroup(async (group) => {
        const waiter = group.startSoon(wait);
        await sleep(1);
        const idle = of.whenIdle();
        waiter.cancel();
        await idle;
      });
    });
  }

  everywhere("a notified waiter of a condition is not sent away from the lock", async () => {
    const condition = new Condition();
    const steps: string[] = [];
    await taskGroup(async (group) => {
      group.startSoon(async () => {
        using _lease = await condition.acquire();
        await condition.wait();
        steps.push("woken");
      });
      await sleep(1);
      using _held = await condition.acquire();
      condition.notify();
      const waiting = rejection(condition.acquire());
      condition.lock.rejectWaiters("sent away");
      steps.push(String(await waiting));
    });
    expect(steps).toEqual(["sent away", "woken"]);
  });
});
