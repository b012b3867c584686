import { expect, vi } from "vitest";
import {
  all,
  any,
  Cancellable,
  failAfter,
  map,
  moveOnAfter,
  race,
  shield,
  sleep,
  sleepUntil,
  taskGroup,
  waitFor,
  withTimeout,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectRejects, wrong } from "../refusals.ts";

const span = "milliseconds, a Duration such as { seconds: 5 }, or null";

const ms = "a number of milliseconds";

const count = (least: number): string => `a whole number of at least ${least}, or Infinity`;

const above = "a Cancellable or a CancelScope";

/** A promise that the caller hands over and that rejects. No other code handles it. */
const failing = (): Promise<never> => Promise.reject(new Error("late"));

describeEverywhere("null as an option", (everywhere) => {
  everywhere("null is refused as a concurrency: it is not the default", async () => {
    const concurrency = wrong(null);
    const work = (): never => expect.fail("no work must begin");
    await expectRejects("TypeError", [
      [() => all([work], { concurrency }), "options.concurrency", "a number", "null"],
      [() => map([1], work, { concurrency }), "options.concurrency", "a number", "null"],
    ]);
  });
});

describeEverywhere("the free functions refuse wrong arguments", (everywhere) => {
  everywhere("wrong spans and moments are refused, and the body is not called", async () => {
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

  everywhere("wrong bodies and options are refused, and the body is not called", async () => {
    const body = vi.fn();
    const either = "a function or a promise";
    await expectRejects("TypeError", [
      [() => moveOnAfter(5, wrong(5)), "body", "a function", "5"],
      [() => failAfter(5, wrong(null)), "body", "a function", "null"],
      [() => withTimeout(5, wrong(5)), "work", either, "5"],
      [() => withTimeout(5, wrong(undefined)), "work", either, "undefined"],
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

  everywhere("wrong parents are refused, and the body is not called", async () => {
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
    "wrong tasks are refused: no task starts, and the promises in the list cause no unhandled rejection",
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
          [
            () => map(wrong({ length: 1 }), body),
            "items",
            "an async iterable, an iterable, a ReadableStream or a Node Readable",
            '{"length":1}',
          ],
          [() => map([1], wrong("f")), "fn", "a function", '"f"'],
        ]);
        expect(parent.children).toEqual([]);
      });
      // Node reports unhandled rejections after the microtasks, and vitest fails the run for one.
      await new Promise(setImmediate);
      expect(body).not.toHaveBeenCalled();
    },
  );

  everywhere(
    "a concurrency is a whole number of at least 1; any other value is refused, and no task starts",
    async () => {
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
    },
  );
});
