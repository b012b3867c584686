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
    const lease = limiter.acquireNowait({ borrower: "first" });
    return {
      wait: () => limiter.acquire({ borrower: "second" }),
      waiting: () => limiter.waiting,
      offer: () => lease[Symbol.dispose](),
      untaken: () => limiter.borrowed === 0,
    };
  },
};

describeEverywhere("a wait that outlives its scope (rule 33)", (everywhere) => {
  for (const [name, region] of Object.entries(regions)) {
    everywhere(
      `a wait that outlives ${name} goes on in the scope above, and gets ${Object.keys(things).join(", or ")}`,
      async () => {
        for (const [what, make] of Object.entries(things)) {
          const thing = make();
          let waiting: Promise<unknown> | undefined;
          await region(async () => {
            waiting = thing.wait();
            // The promise that loses a race goes on waiting.
            await Promise.race([waiting, sleep(2)]);
          });
          expect([what, thing.waiting()]).toEqual([what, 1]);
          thing.offer();
          await waiting;
          expect([what, thing.waiting(), thing.untaken()]).toEqual([what, 0, false]);
        }
      },
    );

    everywhere(`waits that outlive ${name} end with the cancellation of the scope above`, async (t) => {
      const never = deferred();
      const event = new Event();
      const left: Promise<unknown>[] = [];
      const above = new CancelScope();
      await above.run(async () => {
        let short: Promise<void> | undefined;
        await region(() => {
          short = sleep(1);
          left.push(sleep(60_000), sleepForever(), waitFor(never.promise), event.wait(), new Queue().get());
        });
        await short;
        above.cancel("shutdown");
        for (const one of left) expect(await rejection(one)).toBe(above.error);
      });
      expect(event.waiting).toBe(0);
      if (t.backend instanceof VirtualBackend) expect(t.backend.timerCount).toBe(0);
    });

    everywhere(`a stray call that waits when ${name} ends completes`, async () => {
      const lines: string[] = [];
      const stray = async (): Promise<void> => {
        await sleep(5);
        lines.push("written");
        await sleep(1);
        lines.push("closed");
      };
      let running: Promise<void> | undefined;
      await region(() => {
        running = stray();
      });
      await running;
      expect(lines).toEqual(["written", "closed"]);
    });
  }

  everywhere("a wait in a scope that has ended belongs to the scope above", async () => {
    const above = new CancelScope();
    await above.run(async () => {
      const op = new Cancellable();
      const scope = new CancelScope();
      await op.run(() => scope.run(() => {}));
      const waits = [
        op.sleep(null),
        scope.sleep(null),
        op.waitFor(sleepForever()),
        scope.waitFor(sleepForever()),
      ];
      above.cancel();
      for (const wait of waits) expect(await rejection(wait)).toBe(above.error);
    });
  });

  everywhere(
    "a wait for a condition keeps its place, and gets the lock back when it is notified",
    async () => {
      const condition = new Condition();
      let waiting: Promise<void> | undefined;
      await taskGroup((group) => {
        group.startSoon(async () => {
          await condition.acquire();
          waiting = condition.wait();
          await Promise.race([waiting, sleep(5)]);
        });
      });
      expect([condition.waiting, condition.lock.isLocked, condition.lock.waiting]).toEqual([1, false, 0]);
      const lease = await condition.acquire();
      condition.notify();
      lease.release();
      await waiting;
      expect([condition.waiting, condition.lock.isLocked]).toEqual([0, true]);
    },
  );

  everywhere("waiters keep their order when the scope of one of them ends", async () => {
    const queue = new Queue<number>();
    const got: number[][] = [];
    await taskGroup(async (group) => {
      group.startSoon(() => Promise.race([queue.get().then((item) => got.push([0, item])), sleep(2)]));
      for (const n of [1, 2]) group.startSoon(async () => void got.push([n, await queue.get()]));
      await sleep(5);
      expect(queue.waitingGetters).toBe(3);
      for (const item of [10, 20, 30]) queue.putNowait(item);
    });
    expect(got).toEqual([
      [0, 10],
      [1, 20],
      [2, 30],
    ]);
  });
});
