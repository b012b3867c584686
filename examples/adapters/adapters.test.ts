import { Deferred } from "@hother/cancelable";
import { describe, expect, it } from "vitest";
import { E_CANCELED, Mutex, Semaphore } from "./async-mutex.mjs";
import parallel from "./it-parallel.mjs";
import { asyncGeneratorMap, CancelledError, Queue } from "./modern-async.mjs";
import pLimit, { limitFunction } from "./p-limit.mjs";
import pMap, { pMapIterable, pMapSkip } from "./p-map.mjs";
import PQueue, { TimeoutError } from "./p-queue.mjs";

async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Functions that add their number to `started` and end when `release` resolves. */
function jobs(count: number) {
  const started: number[] = [];
  const release = new Deferred<void>();
  const functions = Array.from({ length: count }, (_, number) => async () => {
    started.push(number);
    await release.promise;
    return number;
  });
  return { started, release, functions };
}

describe("p-limit", () => {
  it("runs no more calls than the limit, passes arguments, and counts", async () => {
    const limit = pLimit(2);
    const { release, functions } = jobs(3);
    const calls = functions.map((fn) => limit(fn));
    expect([limit.activeCount, limit.pendingCount]).toEqual([2, 1]);
    release.resolve();
    expect(await Promise.all(calls)).toEqual([0, 1, 2]);
    expect(await limit.map([3, 4], async (item: number, index: number) => item * 10 + index)).toEqual([
      30, 41,
    ]);
    expect(await limitFunction(async (n: number) => n + 1, { concurrency: 1 })(1)).toBe(2);
  });

  it("rejects the calls that wait when the queue is cleared", async () => {
    const limit = pLimit(1);
    const { release, functions } = jobs(2);
    const [first, second] = functions.map((fn) => limit(fn));
    limit.clearQueue();
    await expect(second).rejects.toMatchObject({ name: "AbortError" });
    release.resolve();
    expect(await first).toBe(0);
  });
});

describe("p-map", () => {
  it("maps in order, leaves out skipped items, and collects the errors on demand", async () => {
    const even = (n: number) => (n % 2 === 0 ? n * 10 : pMapSkip);
    expect(await pMap([1, 2, 3, 4], even, { concurrency: 2 })).toEqual([20, 40]);
    expect(await toArray(pMapIterable([1, 2, 3, 4], even, { concurrency: 2 }))).toEqual([20, 40]);
    const fail = (n: number) => Promise.reject(new Error(`${n}`));
    await expect(pMap([1, 2], fail, { stopOnError: false })).rejects.toMatchObject({
      errors: [{ message: "1" }, { message: "2" }],
    });
  });
});

describe("p-queue", () => {
  it("starts the highest priority first, pauses, and says when it is idle", async () => {
    const queue = new PQueue({ concurrency: 1, autoStart: false });
    const order: string[] = [];
    const low = queue.add(() => order.push("low"));
    const high = queue.add(() => order.push("high"), { priority: 1 });
    expect([queue.size, queue.pending, queue.isPaused]).toEqual([2, 0, true]);
    await queue.start().onIdle();
    await Promise.all([low, high]);
    expect(order).toEqual(["high", "low"]);
    expect([queue.size, queue.pending]).toEqual([0, 0]);
  });

  it("rejects after the time limit of a call, and forgets the calls that wait when it is cleared", async () => {
    const queue = new PQueue({ concurrency: 1 });
    const running = queue.add(() => new Promise(() => {}), { timeout: 1 });
    void queue.add(() => expect.unreachable());
    queue.clear();
    expect(queue.size).toBe(0);
    await expect(running).rejects.toThrow(TimeoutError);
    await queue.onIdle();
  });

  it("tells a failed call to the code that waits for an error", async () => {
    const queue = new PQueue();
    const failed = queue.onError();
    const call = queue.add(() => Promise.reject(new Error("failed")));
    await expect(call).rejects.toThrow("failed");
    await expect(failed).rejects.toThrow("failed");
  });
});

describe("async-mutex", () => {
  it("hands out weights by priority, and gives the value at the time of the grant", async () => {
    const semaphore = new Semaphore(2);
    const [value, release] = await semaphore.acquire(2);
    expect([value, semaphore.isLocked()]).toEqual([2, true]);
    const order: string[] = [];
    const low = semaphore.runExclusive(() => order.push("low"), 2, 0);
    const high = semaphore.runExclusive(() => order.push("high"), 2, 1);
    release();
    release(); // does nothing
    await Promise.all([low, high, semaphore.waitForUnlock()]);
    expect(order).toEqual(["high", "low"]);
    expect(semaphore.getValue()).toBe(2);
  });

  it("sends the waiters of a mutex away", async () => {
    const mutex = new Mutex();
    const release = await mutex.acquire();
    const waiting = mutex.runExclusive(() => {});
    mutex.cancel();
    await expect(waiting).rejects.toBe(E_CANCELED);
    release();
    expect(await mutex.runExclusive(() => 1)).toBe(1);
  });
});

describe("it-parallel", () => {
  it("yields the results in order on demand", async () => {
    const first = new Deferred<number>();
    const functions = [() => first.promise, async () => void first.resolve(1)];
    expect(await toArray(parallel(functions, { ordered: true }))).toEqual([1, undefined]);
  });
});

describe("modern-async", () => {
  it("starts the highest priority first, and removes a call that has not started", async () => {
    const queue = new Queue(1);
    const order: number[] = [];
    const [call, cancel] = queue.execCancellable(() => order.push(0), 0);
    const others = [1, 2].map((priority) => queue.exec(() => order.push(priority), priority));
    expect([cancel(), cancel()]).toEqual([true, false]);
    await expect(call).rejects.toThrow(CancelledError);
    await Promise.all(others);
    expect(order).toEqual([2, 1]);
    expect([queue.running, queue.pending]).toEqual([0, 0]);
  });

  it("cancels all pending calls, and maps in a queue", async () => {
    const queue = new Queue(1);
    const pending = queue.exec(() => expect.unreachable());
    expect(queue.cancelAllPending()).toBe(1);
    await expect(pending).rejects.toThrow(CancelledError);
    expect(await toArray(asyncGeneratorMap([1, 2], async (n: number) => n * 2, queue))).toEqual([2, 4]);
  });
});
