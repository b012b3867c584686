import { expect } from "vitest";
import { CapacityLimiter, Condition, getBackend, Lock, Queue, Semaphore } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectRejects, expectThrows, wrong } from "../refusals.ts";

const count = (least: number): string => `a whole number of at least ${least}, or Infinity`;

describeEverywhere("locks, limits and queues refuse wrong arguments", (everywhere) => {
  everywhere("counts must be whole numbers", () => {
    const makers: ReadonlyArray<readonly [make: (n: number) => unknown, name: string, least: number]> = [
      [(n) => new Semaphore(n), "initial", 0],
      [(n) => new Semaphore(0, { max: n }), "options.max", 0],
      [(n) => new CapacityLimiter(n), "total", 0],
      [(n) => Object.assign(new CapacityLimiter(1), { total: n }), "total", 0],
      [(n) => new Queue(n), "capacity", 0],
      [(n) => getBackend("native").createSemaphore(n), "initial", 0],
      [(n) => getBackend("native").createQueue(n), "capacity", 0],
      [(n) => new Condition().notify(n), "count", 1],
    ];
    for (const [make, name, least] of makers) {
      for (const n of [least - 1, -0.5, 1.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
        expectThrows("RangeError", [[() => make(n), name, count(least), String(n)]]);
      }
      expectThrows("TypeError", [
        [() => make(wrong("1")), name, "a number", '"1"'],
        [() => make(wrong(1n)), name, "a number", "1n"],
        [() => make(wrong({})), name, "a number", "{}"],
      ]);
    }
    expectThrows("RangeError", [
      [() => new Semaphore(3, { max: 2 }), "options.max", "at least initial (3)", "2"],
    ]);
    expectThrows("TypeError", [
      [() => new Semaphore(wrong(undefined)), "initial", "a number", "undefined"],
      [() => new Semaphore(1, wrong(2)), "options", "an object", "2"],
      [() => new Condition(wrong({})), "lock", "a Lock", "{}"],
    ]);
  });

  everywhere("wrong bodies are refused, and nothing stays held", async () => {
    const [lock, semaphore, limiter, condition] = [
      new Lock(),
      new Semaphore(1),
      new CapacityLimiter(1),
      new Condition(),
    ];
    await expectRejects("TypeError", [
      [() => lock.run(wrong(5)), "body", "a function", "5"],
      [() => semaphore.run(wrong(undefined)), "body", "a function", "undefined"],
      [() => limiter.run(wrong({})), "body", "a function", "{}"],
      [() => condition.waitUntil(wrong(true)), "predicate", "a function", "true"],
    ]);
    expect([lock.isLocked, semaphore.value, limiter.available, condition.waiting]).toEqual([false, 1, 1, 0]);
  });
});
