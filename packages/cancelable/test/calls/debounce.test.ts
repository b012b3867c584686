import { AsyncLocalStorage } from "node:async_hooks";
import { expect } from "vitest";
import { type DebounceOptions, debounce } from "../../src/calls/index.ts";
import { CancelScope, checkpoint, currentOperation, shield, sleep, sleepForever } from "../../src/index.ts";
import { expectNoLeaks } from "../../src/testing/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { expectThrows, expectUsageError, wrong } from "../refusals.ts";
import { until } from "../until.ts";

/** Calls at given times: the runs as `arguments@time`, and the outcome of each caller. */
async function burst(
  elapsed: () => number,
  wait: number,
  options: DebounceOptions,
  calls: readonly number[],
): Promise<{ runs: string[]; results: unknown[] }> {
  const runs: string[] = [];
  const save = debounce(
    async (at: number) => {
      runs.push(`${at}@${elapsed()}`);
      await sleep(1);
      return `result of ${at}`;
    },
    wait,
    options,
  );
  const results: Array<Promise<unknown>> = [];
  for (const at of calls) {
    await sleep(at - elapsed());
    results.push(save(at));
  }
  return { runs, results: await Promise.all(results) };
}

describeEverywhere("debounce", (everywhere) => {
  everywhere("a burst has one run, and all its callers get the outcome (VERB-32)", async () => {
    const store = new AsyncLocalStorage<string>();
    const runs: unknown[] = [];
    const target = {
      save: debounce(async function (this: unknown, ...args: number[]) {
        runs.push([args, this === target, store.getStore(), currentOperation()]);
        await checkpoint();
        return { args };
      }, 5),
    };
    const call = (n: number) => store.run(`context ${n}`, () => target.save(n, n));
    await expectNoLeaks(async () => {
      const [first, second] = await Promise.all([call(1), call(2)]);
      expect(first).toBe(second);
    });
    expect(runs).toEqual([[[2, 2], true, "context 2", undefined]]);
    const failure = new Error("disk full");
    const failing = debounce(() => {
      throw failure;
    }, 1);
    expect(await Promise.all([rejection(failing()), rejection(failing())])).toEqual([failure, failure]);
  });

  everywhere(
    "a caller that is cancelled leaves with its arguments, and the last one ends the burst",
    async () => {
      const runs: number[] = [];
      const save = debounce(async (n: number) => runs.push(n), 5);
      const scope = new CancelScope();
      const left = scope.run(() => save(2));
      const stays = save(1);
      const late = scope.run.bind(new CancelScope());
      scope.cancel();
      await left;
      expect(await stays).toBe(1);
      expect(runs).toEqual([1]);
      await expectNoLeaks(async () => {
        const alone = new CancelScope();
        const ended = alone.run(() => save(3));
        alone.cancel();
        await ended;
        expect([save.flush(), save.cancel()]).toEqual([false, false]);
      });
      await late(() => save(4));
      expect(runs).toEqual([1, 4]);
      const cancelled = new CancelScope();
      cancelled.cancel("quota");
      await cancelled.run(async () => {
        expect(await rejection(save(5))).toMatchObject({ reason: "quota" });
      });
      expect(save.flush()).toBe(false);
    },
  );

  everywhere("a run that no caller waits for any more is cancelled (VERB-32)", async () => {
    const errors: unknown[] = [];
    const save = debounce(async () => {
      errors.push(await rejection(sleepForever()));
    }, 1);
    const scope = new CancelScope();
    const ended = scope.run(() => save());
    save.flush();
    await checkpoint();
    scope.cancel();
    await ended;
    await until(() => errors.length === 1);
    expect(errors).toMatchObject([{ reason: "disconnect" }]);
  });

  everywhere("flush starts the run now, and settles every caller (VERB-32)", async () => {
    const runs: number[] = [];
    const save = debounce(async (n: number) => runs.push(n), 60_000);
    expect(save.flush()).toBe(false);
    await expectNoLeaks(async () => {
      const calls = [save(1), save(2)];
      expect([save.flush(), save.flush()]).toEqual([true, false]);
      expect(await Promise.all(calls)).toEqual([1, 1]);
    });
    expect(runs).toEqual([2]);
  });

  everywhere(
    "cancel rejects the calls that wait at once, and cancels the run of others (VERB-32)",
    async () => {
      const ended: unknown[] = [];
      const save = debounce(async (n: number) => {
        try {
          await sleepForever();
        } finally {
          await shield(() => sleep(1));
          ended.push(n);
        }
      }, 60_000);
      expect(save.cancel()).toBe(false);
      await expectNoLeaks(async () => {
        const running = rejection(save(1));
        save.flush();
        await checkpoint();
        const waiting = rejection(save(2));
        const why = { reason: "shutdown", message: "closing", cause: "test" };
        expect(save.cancel("shutdown", "closing", { cause: "test" })).toBe(true);
        expect(save.cancel()).toBe(false);
        expect(await waiting).toMatchObject(why);
        expect(ended).toEqual([]);
        expect(await running).toMatchObject(why);
        expect(ended).toEqual([1]);
      });
    },
  );

  everywhere("a leading run that calls itself is refused", async () => {
    const save: () => Promise<unknown> = debounce(async () => save(), 1_000, { leading: true });
    expectUsageError(await rejection(save()), "ERR_WAITS_FOR_ITSELF", /^debounce\(fn\) would wait/);
  });

  everywhere("wrong arguments are refused at once, by name", () => {
    const fn = (): void => {};
    const positive = "a positive, finite time span";
    expectThrows("TypeError", [
      [() => debounce(wrong("save"), 5), "fn", "a function", '"save"'],
      [() => debounce(fn, 5, { leading: wrong(1) }), "options.leading", "true or false", "1"],
      [
        () => debounce(fn, wrong("5")),
        "wait",
        "milliseconds, a Duration such as { seconds: 5 }, or null",
        '"5"',
      ],
    ]);
    expectThrows("RangeError", [
      ...[0, -1, Number.POSITIVE_INFINITY].map(
        (span) => [() => debounce(fn, span), "wait", positive, String(span)] as const,
      ),
      [() => debounce(fn, null), "wait", positive, "null"],
      [() => debounce(fn, Number.NaN), "wait", "a number of milliseconds", "NaN"],
      [() => debounce(fn, 5, { maxWait: 0 }), "options.maxWait", positive, "0"],
      [() => debounce(fn, 5, { maxWait: null }), "options.maxWait", positive, "null"],
    ]);
  });
});

inVirtualTime(
  "the run comes when no call has come for the wait, or at maxWait (VERB-32)",
  async ({ elapsed }) => {
    expect(await burst(elapsed, 50, {}, [0, 30, 60])).toEqual({
      runs: ["60@110"],
      results: ["result of 60", "result of 60", "result of 60"],
    });
  },
);

inVirtualTime("maxWait ends a burst whose calls do not stop (VERB-32)", async ({ elapsed }) => {
  expect(await burst(elapsed, 50, { maxWait: 80 }, [0, 30, 60])).toEqual({
    runs: ["60@80"],
    results: ["result of 60", "result of 60", "result of 60"],
  });
});

inVirtualTime("a call after the end of a burst begins another one (VERB-32)", async ({ elapsed }) => {
  expect(await burst(elapsed, 50, {}, [0, 49, 100])).toEqual({
    runs: ["49@99", "100@150"],
    results: ["result of 49", "result of 49", "result of 100"],
  });
});

inVirtualTime(
  "leading runs the first call of a burst, and the others share its outcome",
  async ({ elapsed }) => {
    expect(await burst(elapsed, 50, { leading: true }, [0, 30, 60, 115])).toEqual({
      runs: ["0@0", "115@115"],
      results: ["result of 0", "result of 0", "result of 0", "result of 115"],
    });
  },
);

inVirtualTime("leading with maxWait drops calls, as a throttle does", async ({ elapsed }) => {
  const calls = [0, 30, 60, 90, 120, 150, 180];
  expect((await burst(elapsed, 50, { leading: true, maxWait: 80 }, calls)).runs).toEqual([
    "0@0",
    "90@90",
    "180@180",
  ]);
});

inVirtualTime("a failure of a leading run goes to the later calls of its burst", async () => {
  const failure = new Error("disk full");
  let runs = 0;
  const save = debounce(
    () => {
      runs++;
      throw failure;
    },
    50,
    { leading: true },
  );
  expect(await rejection(save())).toBe(failure);
  await sleep(10);
  expect(await rejection(save())).toBe(failure);
  expect([runs, save.flush(), save.cancel()]).toEqual([1, false, false]);
});

inVirtualTime("a leading run that is cancelled ends its burst", async ({ elapsed }) => {
  const starts: number[] = [];
  const save = debounce(
    async () => {
      starts.push(elapsed());
      await sleep(20);
    },
    50,
    { leading: true },
  );
  await new CancelScope({ timeout: 10 }).run(() => save());
  await save();
  expect([starts, elapsed()]).toEqual([[0, 10], 30]);
});
