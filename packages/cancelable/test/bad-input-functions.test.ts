import { expect, vi } from "vitest";
import {
  all,
  any,
  Cancellable,
  CapacityLimiter,
  Condition,
  failAfter,
  getBackend,
  Lock,
  map,
  moveOnAfter,
  Queue,
  race,
  Semaphore,
  shield,
  sleep,
  sleepUntil,
  taskGroup,
  waitFor,
  withTimeout,
} from "../src/index.ts";
import { describeEverywhere } from "./backends.ts";
import { expectRejects, expectThrows, wrong } from "./refusals.ts";

const reasons = "one of timeout, manual, signal, condition, parent, error, shutdown, disconnect";
const span = "milliseconds, a Duration or null";
const ms = "a number of milliseconds";
const count = (least: number): string => `a whole number of at least ${least}, or Infinity`;
const above = "a CancelScope or a Cancellable";

/** A promise that was handed over and rejects: nobody else will handle it. */
const failing = (): Promise<never> => Promise.reject(new Error("late"));

describeEverywhere("the free functions complain about wrong arguments", (everywhere) => {
  everywhere("spans and moments: and the body is not called", async () => {
    const body = vi.fn();
    await expectRejects("TypeError", [
      [() => sleep(wrong("5")), "span", span, '"5"'],
      [() => sleep(wrong(undefined)), "span", span, "undefined"],
      [() => sleepUntil(wrong("noon")), "moment", "a Date or epoch milliseconds", '"noon"'],
      [() => moveOnAfter(wrong({}), body), "span", span, "{}"],
      [() => failAfter(wrong("5"), body), "span", span, '"5"'],
      [() => withTimeout(wrong("5"), body), "span", span, '"5"'],
      [() => withTimeout(wrong("5"), failing()), "span", span, '"5"'],
      [() => shield(body, { timeout: wrong("5") }), "options.timeout", span, '"5"'],
    ]);
    await expectRejects("RangeError", [
      [() => sleep(Number.NaN), "span", ms, "NaN"],
      [() => sleepUntil(Number.NaN), "moment", "a valid Date or epoch milliseconds", "NaN"],
      [() => moveOnAfter(Number.NaN, body), "span", ms, "NaN"],
      [() => failAfter({ seconds: Number.NaN }, body), "span.seconds", "a number", "NaN"],
      [() => withTimeout(Number.NaN, body), "span", ms, "NaN"],
      [() => withTimeout(Number.NaN, failing()), "span", ms, "NaN"],
      [() => shield(body, { timeout: Number.NaN }), "options.timeout", ms, "NaN"],
    ]);
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("bodies and options", async () => {
    const body = vi.fn();
    const either = "a function or a promise";
    await expectRejects("TypeError", [
      [() => moveOnAfter(5, wrong(5)), "body", "a function", "5"],
      [() => failAfter(5, wrong(null)), "body", "a function", "null"],
      [() => withTimeout(5, wrong(5)), "bodyOrPromise", either, "5"],
      [() => withTimeout(5, wrong(undefined)), "bodyOrPromise", either, "undefined"],
      [() => shield(wrong({})), "body", "a function", "{}"],
      [() => waitFor(wrong("x")), "work", "a promise or a function", '"x"'],
      [() => taskGroup(wrong(5)), "body", "a function", "5"],
      [() => taskGroup(body, wrong(5)), "options", "an object", "5"],
      [
        () => taskGroup(body, { failures: wrong("all") }),
        "options.failures",
        '"first" or "collect"',
        '"all"',
      ],
      [() => moveOnAfter(5, body, wrong(5)), "options", "an object", "5"],
      [() => failAfter(5, body, { shield: wrong(1) }), "options.shield", "true or false", "1"],
      [() => shield(body, wrong(5)), "options", "an object", "5"],
    ]);
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("parents: and the body is not called", async () => {
    const body = vi.fn();
    const parent = wrong({ signal: AbortSignal.abort() });
    const got = '{"signal":{}}';
    await expectRejects("TypeError", [
      [() => moveOnAfter(5, body, { parent }), "options.parent", above, got],
      [() => failAfter(5, body, { parent }), "options.parent", above, got],
      [() => withTimeout(5, body, { parent }), "options.parent", above, got],
      [() => withTimeout(5, failing(), { parent }), "options.parent", above, got],
      [() => shield(body, { parent }), "options.parent", above, got],
      [() => taskGroup(body, { parent }), "options.parent", above, got],
      [() => all([body], { parent }), "options.parent", above, got],
      [() => map([1], body, { parent }), "options.parent", above, got],
      [() => race([body], { parent }), "options.parent", above, got],
      [() => any([body], { parent }), "options.parent", above, got],
    ]);
    expect(body).not.toHaveBeenCalled();
  });

  everywhere(
    "works: none is started, and the promises among them are nobody's unhandled rejection",
    async () => {
      const body = vi.fn();
      const parent = new Cancellable();
      await parent.run(async () => {
        for (const combine of [all, race, any] as ReadonlyArray<(works: never) => Promise<unknown>>) {
          await expectRejects("TypeError", [
            [() => combine(wrong(5)), "tasks", "an iterable of functions or promises", "5"],
            [() => combine(wrong(null)), "tasks", "an iterable of functions or promises", "null"],
            [() => combine(wrong([body, failing(), 5])), "tasks[2]", "a function or a promise", "5"],
            [() => combine(wrong([body, undefined])), "tasks[1]", "a function or a promise", "undefined"],
          ]);
        }
        await expectRejects("RangeError", [[() => race([]), "tasks", "a non-empty iterable", "[]"]]);
        await expectRejects("TypeError", [
          [() => map(wrong({ length: 1 }), body), "items", "an iterable", '{"length":1}'],
          [() => map([1], wrong("f")), "fn", "a function", '"f"'],
        ]);
        expect(parent.children).toEqual([]);
      });
      // Node tells of unhandled rejections when the microtasks are done; vitest fails the run for one.
      await new Promise(setImmediate);
      expect(body).not.toHaveBeenCalled();
    },
  );

  everywhere("concurrency is a whole number of at least 1: and nothing is called", async () => {
    const body = vi.fn();
    const name = "options.concurrency";
    for (const start of [
      (concurrency: number) => all([body], { concurrency }),
      (concurrency: number) => map([1], body, { concurrency }),
    ]) {
      await expectRejects("RangeError", [
        [() => start(0), name, count(1), "0"],
        [() => start(-1), name, count(1), "-1"],
        [() => start(1.5), name, count(1), "1.5"],
        [() => start(Number.NaN), name, count(1), "NaN"],
        [() => start(Number.NEGATIVE_INFINITY), name, count(1), "-Infinity"],
      ]);
      await expectRejects("TypeError", [
        [() => start(wrong("2")), name, "a number", '"2"'],
        [() => start(wrong(2n)), name, "a number", "2n"],
      ]);
    }
    await expectRejects("TypeError", [[() => all([body], wrong(2)), "options", "an object", "2"]]);
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("children of a group that are no functions: and the group goes on (CONF-E08)", async () => {
    await taskGroup(async (group) => {
      expectThrows("TypeError", [
        [() => group.startSoon(wrong(undefined)), "fn", "a function", "undefined"],
        [() => group.startSoon(wrong(Promise.resolve())), "fn", "a function", "an instance of Promise"],
        [() => group.cancel(wrong("why"), "x"), "reason", reasons, '"why"'],
      ]);
      await expectRejects("TypeError", [[() => group.start(wrong(5)), "fn", "a function", "5"]]);
      expect([group.tasks, group.errors, group.scope.isCancelled]).toEqual([[], [], false]);
      await expect(group.startSoon(async () => "value")).resolves.toBe("value");
    });
  });
});

describeEverywhere("locks, limits and queues complain about wrong arguments", (everywhere) => {
  everywhere("counts are whole numbers", () => {
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

  everywhere("bodies: and nothing stays held", async () => {
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
