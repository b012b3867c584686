import { expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  CapacityLimiter,
  Condition,
  Event,
  Lock,
  Queue,
  run,
  Semaphore,
  sleep,
  sleepForever,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

/** Ways to run a body in a scope that ends with the body. */
const regions: Readonly<Record<string, (body: () => unknown) => Promise<unknown>>> = {
  "an operation": (body) => new Cancellable().run(body),
  "a scope": (body) => new CancelScope().run(body),
  "a group": (body) => taskGroup(body),
  "a task": (body) => taskGroup((group) => void group.startSoon(body)),
  run: (body) => run(body),
  "an operation that fails": (body) =>
    rejection(
      new Cancellable().run(async () => {
        await body();
        throw new Error("failed");
      }),
    ),
};

/** Something to wait for: the number of waiters, and a way to offer it to them. */
interface Waited {
  wait(): Promise<unknown>;
  waiting(): number;
  offer(): void;
  /** Whether the offer is still there, because no waiter took it. */
  untaken(): unknown;
}

const things: Readonly<Record<string, () => Waited>> = {
  "an item of a queue": () => {
    const queue = new Queue<string>();
    return {
      wait: () => queue.get(),
      waiting: () => queue.waitingGetters,
      offer: () => queue.putNowait("item"),
      untaken: () => queue.size === 1 && queue.getNowait() === "item",
    };
  },
  "room in a queue": () => {
    const queue = new Queue<string>(1);
    queue.putNowait("first");
    return {
      wait: () => queue.put("second"),
      waiting: () => queue.waitingPutters,
      offer: () => void queue.getNowait(),
      untaken: () => queue.size === 0,
    };
  },
  "a lock": () => {
    const lock = new Lock();
    const lease = lock.acquireNowait();
    return {
      wait: () => lock.acquire(),
      waiting: () => lock.waiting,
      offer: () => lease[Symbol.dispose](),
      untaken: () => !lock.isLocked,
    };
  },
  "a permit of a semaphore": () => {
    const semaphore = new Semaphore(0);
    return {
      wait: () => semaphore.acquire(),
      waiting: () => semaphore.waiting,
      offer: () => semaphore.release(),
      untaken: () => semaphore.value === 1,
    };
  },
  "a token of a limiter": () => {
    const limiter = new CapacityLimiter(1);
    const lease = limiter.acquireNowait("first");
    return {
      wait: () => limiter.acquire("second"),
      waiting: () => limiter.waiting,
      offer: () => lease[Symbol.dispose](),
      untaken: () => limiter.borrowed === 0,
    };
  },
};

describeEverywhere("a wait that outlives its scope (rule 33)", (everywhere) => {
  for (const [name, region] of Object.entries(regions)) {
    everywhere(
      `a wait that outlives ${name} takes neither ${Object.keys(things).join(", nor ")}`,
      async () => {
        for (const [what, make] of Object.entries(things)) {
          const thing = make();
          let waiting: Promise<unknown> | undefined;
          await region(async () => {
            waiting = thing.wait();
            // The promise that loses a race goes on waiting.
            await Promise.race([waiting, sleep(2)]);
          });
          expect([what, thing.waiting()]).toEqual([what, 0]);
          thing.offer();
          expect([what, thing.untaken()]).toEqual([what, true]);
          expect(await rejection(waiting as Promise<unknown>)).toMatchObject({ name: "AbortError" });
        }
      },
    );

    everywhere(`a sleep and a wait for foreign work reject at the end of ${name}`, async (t) => {
      const never = deferred();
      const event = new Event();
      const left: Promise<unknown>[] = [];
      await region(() => {
        left.push(sleep(60_000), sleepForever(), waitFor(never.promise), event.wait());
      });
      for (const one of left) expect(await rejection(one)).toMatchObject({ reason: "parent" });
      expect(event.waiting).toBe(0);
      if (t.backend instanceof VirtualBackend) expect(t.backend.timerCount).toBe(0);
      // A promise that is not awaited causes no unhandled rejection.
      await region(() => {
        void sleep(60_000);
        void waitFor(never.promise);
        void event.wait();
      });
    });
  }

  everywhere("a wait for a condition gives up its place and its claim on the lock", async () => {
    const condition = new Condition();
    let waiting: Promise<void> | undefined;
    await taskGroup((group) => {
      group.startSoon(async () => {
        await condition.acquire();
        waiting = condition.wait();
        await Promise.race([waiting, sleep(5)]);
      });
    });
    expect([condition.waiting, condition.lock.isLocked, condition.lock.waiting]).toEqual([0, false, 0]);
    expect(await rejection(waiting as Promise<void>)).toMatchObject({ reason: "parent" });
    expect([condition.lock.isLocked, condition.lock.waiting]).toEqual([false, 0]);
    using _ = await condition.acquire();
    expect(condition.lock.isLocked).toBe(true);
  });

  everywhere("the other waiters stay in order when one before them is dismissed", async () => {
    const queue = new Queue<number>();
    const got: number[][] = [];
    await taskGroup(async (group) => {
      group.startSoon(() => Promise.race([queue.get(), sleep(2)]));
      for (const n of [1, 2]) group.startSoon(async () => void got.push([n, await queue.get()]));
      await sleep(5);
      expect(queue.waitingGetters).toBe(2);
      queue.putNowait(10);
      queue.putNowait(20);
    });
    expect(got).toEqual([
      [1, 10],
      [2, 20],
    ]);
  });
});
