import { expect } from "vitest";
import { CapacityLimiter, Condition, Lock, Queue, Semaphore } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { expectUsageError, thrown } from "../refusals.ts";

describeEverywhere("the misuse of locks, limits and queues", (everywhere) => {
  everywhere("a release without a hold is refused and changes nothing", async () => {
    const [lock, condition, limiter] = [new Lock(), new Condition(), new CapacityLimiter(1)];
    expectUsageError(
      thrown(() => lock.release()),
      "ERR_NOT_HELD",
      /^Lock is not held by this caller\. Acquire it first/,
    );
    expectUsageError(
      thrown(() => condition.release()),
      "ERR_NOT_HELD",
      /^Lock is not held/,
    );
    expectUsageError(
      thrown(() => condition.notify()),
      "ERR_NOT_HELD",
      /^The lock of the condition is not held/,
    );
    expectUsageError(await rejection(condition.wait()), "ERR_NOT_HELD", /^Lock is not held/);
    expectUsageError(
      thrown(() => limiter.release()),
      "ERR_NOT_HELD",
      /^CapacityLimiter is not held/,
    );
    expectUsageError(
      thrown(() => limiter.release({ borrower: "nobody" })),
      "ERR_NOT_HELD",
      /^CapacityLimiter is not held/,
    );
    expect([lock.isLocked, condition.waiting, limiter.available]).toEqual([false, 0, 1]);
  });

  everywhere("a semaphore with a maximum refuses a release above it (CONF-K01)", () => {
    const semaphore = new Semaphore(1, { max: 1 });
    const text = /^Semaphore was released too often \(max is 1\)\.$/;
    expectUsageError(
      thrown(() => semaphore.release()),
      "ERR_RELEASED_TOO_OFTEN",
      text,
    );
    expect(semaphore.value).toBe(1);
  });

  everywhere("the Nowait forms refuse where the other forms would wait (rule 40)", async () => {
    const [lock, semaphore, limiter] = [new Lock(), new Semaphore(0), new CapacityLimiter(0)];
    const queue = new Queue<number>(0);
    using _held = await lock.acquire();
    const calls = [
      ["Lock", () => lock.acquireNowait()],
      ["Semaphore", () => semaphore.acquireNowait()],
      ["CapacityLimiter", () => limiter.acquireNowait()],
      ["Queue", () => queue.putNowait(1)],
      ["Queue", () => queue.getNowait()],
    ] as const;
    for (const [name, call] of calls) {
      expectUsageError(
        thrown(call),
        "ERR_WOULD_BLOCK",
        new RegExp(`^${name} would have to wait\\. Call the method that waits`),
      );
    }
    expect([lock.waiting, semaphore.waiting, limiter.waiting, queue.size]).toEqual([0, 0, 0, 0]);
  });
});
