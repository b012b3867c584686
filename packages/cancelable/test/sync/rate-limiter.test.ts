import { expect, test, vi } from "vitest";
import { CancelScope, getBackend, run, sleep, sleepUntil, taskGroup } from "../../src/index.ts";
import { RateLimiter, type RateLimiterOptions, type RateOptions } from "../../src/sync/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { expectRejects, expectThrows, wrong } from "../refusals.ts";
import { until, usage } from "../until.ts";

const kinds = ["bucket", "window"] as const;

/** The times at which these waits, begun in one turn, have ended; "cancelled" for waits that were cut off. */
async function timesOf(
  limiter: RateLimiter,
  waits: readonly RateOptions[],
  elapsed: () => number,
): Promise<number[]> {
  const start = elapsed();
  return Promise.all(waits.map((options) => limiter.acquire(options).then(() => elapsed() - start)));
}

const five: readonly RateOptions[] = Array.from({ length: 5 }, () => ({}));

inVirtualTime("a bucket of 2 per 100 ms starts five at 0, 0, 50, 100, 150 (SYNC-15)", async ({ elapsed }) => {
  const limiter = new RateLimiter({ limit: 2, per: 100 });
  expect(await timesOf(limiter, five, elapsed)).toEqual([0, 0, 50, 100, 150]);
  await sleep(1_000);
  expect(await timesOf(limiter, five, elapsed)).toEqual([0, 0, 50, 100, 150]);
});

inVirtualTime(
  "a window of 2 per 100 ms starts five at 0, 0, 100, 100, 200 (SYNC-15)",
  async ({ elapsed }) => {
    const limiter = new RateLimiter({ limit: 2, per: 100, kind: "window" });
    expect(await timesOf(limiter, five, elapsed)).toEqual([0, 0, 100, 100, 200]);
    await sleep(100);
    expect(await timesOf(limiter, five, elapsed)).toEqual([0, 0, 100, 100, 200]);
  },
);

inVirtualTime("burst is the most that starts at one time", async ({ elapsed }) => {
  const limiter = new RateLimiter({ limit: 1, per: { seconds: 1 }, burst: 4 });
  expect(await timesOf(limiter, five, elapsed)).toEqual([0, 0, 0, 0, 1_000]);
});

inVirtualTime("due times are no sums of rounded times", async ({ elapsed }) => {
  const limiter = new RateLimiter({ limit: 3, per: 100, burst: 1 });
  expect(await timesOf(limiter, five, elapsed)).toEqual([0, 100 / 3, 200 / 3, 100, 400 / 3]);
});

inVirtualTime("a cancelled wait uses nothing, and the others move up (SYNC-16)", async ({ elapsed }) => {
  const limiter = new RateLimiter({ limit: 2, per: 100 });
  const third = new CancelScope();
  const times: Promise<unknown>[] = [];
  for (let i = 0; i < 5; i++) {
    const options = i === 2 ? { scope: third } : {};
    times.push(limiter.acquire(options).then(elapsed, () => "cancelled"));
  }
  await sleep(20);
  third.cancel();
  expect(await Promise.all(times)).toEqual([0, 0, "cancelled", 50, 100]);
});

inVirtualTime("in a cancelled scope no start is used (SYNC-16)", async ({ elapsed }) => {
  for (const kind of kinds) {
    const limiter = new RateLimiter({ limit: 1, per: 100, kind });
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await limiter.acquire();
    });
    expect(scope.cancelledCaught).toBe(true);
    expect(await timesOf(limiter, [{}], elapsed)).toEqual([0]);
  }
});

inVirtualTime(
  "36,000 random arrivals in an hour: the window is kept, and no start is late (SYNC-17)",
  async (t) => {
    const [limit, per, hour] = [105, 10_000, 3_600_000];
    const limiter = new RateLimiter({ limit, per, kind: "window" });
    const arrivals = Array.from({ length: 36_000 }, () => Math.floor(t.backend.random() * hour));
    arrivals.sort((a, b) => a - b);
    const starts: number[] = [];
    const origin = t.backend.now();
    const waits: Promise<unknown>[] = [];
    for (const at of arrivals) {
      if (at > t.elapsed()) await sleep(origin + at - t.backend.now());
      waits.push(limiter.acquire().then(() => starts.push(t.elapsed())));
    }
    await Promise.all(waits);

    const model: number[] = [];
    for (const [i, at] of arrivals.entries())
      model.push(Math.max(at, model[i - 1] ?? 0, (model[i - limit] ?? Number.NEGATIVE_INFINITY) + per));
    expect(starts).toEqual(model);
    for (let i = limit; i < starts.length; i++)
      expect((starts[i] as number) - (starts[i - limit] as number)).toBeGreaterThanOrEqual(per);
    // The limit was felt, and not all the time.
    const delayed = starts.filter((start, i) => start > (arrivals[i] as number)).length;
    expect(delayed).toBeGreaterThan(1_000);
    expect(delayed).toBeLessThan(35_000);
  },
);

test("neither a jump of the wall clock nor a timer that comes early changes a start (SYNC-18)", async () => {
  class Unsteady extends VirtualBackend {
    skew = 0;
    readonly #seen = new Set<number>();
    override epoch(): number {
      return super.epoch() + this.skew;
    }
    override setTimer(at: number, fire: () => void): Disposable {
      const early = this.#seen.has(at) ? 0 : 1; // the second time, so that the test comes to an end
      this.#seen.add(at);
      return super.setTimer(at - early, fire);
    }
  }
  for (const [kind, expected] of [
    ["bucket", [0, 0, 50, 100, 150]],
    ["window", [0, 0, 100, 100, 200]],
  ] as const) {
    const backend = new Unsteady();
    await run(
      async () => {
        const limiter = new RateLimiter({ limit: 2, per: 100, kind });
        const times = timesOf(limiter, five, () => backend.now());
        await sleep(25);
        backend.skew = 3_600_000;
        await sleep(50);
        backend.skew = -3_600_000;
        expect(await times).toEqual(expected);
      },
      { backend },
    );
  }
});

inVirtualTime(
  "after the loop was blocked, a bucket holds its burst and not more (SYNC-32)",
  async ({ elapsed, block }) => {
    const limiter = new RateLimiter({ limit: 2, per: 100 });
    const times = timesOf(limiter, [...five, {}], elapsed);
    await sleep(10);
    block(10_000);
    expect(await times).toEqual([0, 0, 10_010, 10_010, 10_060, 10_110]);
  },
);

inVirtualTime(
  "the head is cancelled at the moment of its timer: the next one starts then (SYNC-32)",
  async ({ elapsed }) => {
    for (const [kind, due] of [
      ["bucket", 50],
      ["window", 100],
    ] as const) {
      const begin = elapsed();
      const limiter = new RateLimiter({ limit: 2, per: 100, kind });
      const head = new CancelScope({ timeout: due });
      await taskGroup(async (group) => {
        for (let i = 0; i < 2; i++) await limiter.acquire();
        group.startSoon(() => head.run(() => limiter.acquire()));
        await until(() => limiter.waiting === 1);
        await limiter.acquire();
      });
      expect([head.cancelledCaught, elapsed() - begin]).toEqual([true, due]);
    }
  },
);

inVirtualTime(
  "100,000 waits that are cancelled together or one by one set hardly a timer (SYNC-32)",
  async (t) => {
    const { backend } = t;
    const limiter = new RateLimiter({ limit: 1, per: { hours: 1 } });
    await limiter.acquire();
    const setTimer = vi.spyOn(backend as VirtualBackend, "setTimer");
    const group = new CancelScope();
    const alone = Array.from({ length: 100 }, () => new CancelScope());
    const ended: Promise<unknown>[] = [];
    for (let i = 0; i < 100_000; i++) ended.push(rejection(limiter.acquire({ scope: group })));
    for (const scope of alone) ended.push(rejection(limiter.acquire({ scope })));
    expect([limiter.waiting, setTimer.mock.calls.length]).toEqual([100_100, 1]);
    group.cancel();
    expect([limiter.waiting, setTimer.mock.calls.length]).toEqual([100, 2]);
    for (const scope of alone.slice(1)) scope.cancel();
    expect([limiter.waiting, setTimer.mock.calls.length]).toEqual([1, 2]);
    alone[0]?.cancel();
    await Promise.all(ended);
    expect([limiter.waiting, (backend as VirtualBackend).timerCount]).toEqual([0, 0]);
  },
);

inVirtualTime(
  "a heavy start waits for all its weight, and no other start overtakes it",
  async ({ elapsed }) => {
    const bucket = new RateLimiter({ limit: 4, per: 100 });
    expect(await timesOf(bucket, [{ weight: 3 }, { weight: 3 }, {}], elapsed)).toEqual([0, 50, 75]);
    const window = new RateLimiter({ limit: 4, per: 100, kind: "window" });
    const waits = [{}, { weight: 2 }, { weight: 4 }, {}];
    expect(await timesOf(window, waits, elapsed)).toEqual([0, 0, 100, 200]);
  },
);

inVirtualTime(
  "a heavy start of a window waits until several earlier ones have left it",
  async ({ elapsed }) => {
    const limiter = new RateLimiter({ limit: 3, per: 100, kind: "window" });
    const times: number[] = [];
    for (const [at, weight] of [
      [0, 1],
      [10, 1],
      [20, 1],
      [30, 2],
    ] as const) {
      await sleepUntil(new Date(Date.UTC(2000, 0, 1) + at));
      await limiter.acquire({ weight });
      times.push(elapsed());
    }
    expect(times).toEqual([0, 10, 20, 110]);
  },
);

inVirtualTime("acquireNowait starts or refuses, and stands in no line", async () => {
  for (const kind of kinds) {
    const limiter = new RateLimiter({ limit: 2, per: 100, kind });
    const refused = expect.objectContaining(usage("ERR_WOULD_BLOCK"));
    limiter.acquireNowait();
    expect(() => limiter.acquireNowait({ weight: 2 })).toThrow(refused);
    limiter.acquireNowait({ weight: 1 });
    expect(() => limiter.acquireNowait()).toThrow(refused);
    const heavy = limiter.acquire({ weight: 2 });
    if (kind === "bucket") await sleep(50); // there is a token for a light one, and the heavy one waits for it
    expect(() => limiter.acquireNowait()).toThrow(refused);
    await heavy;
  }
});

inVirtualTime(
  "run starts the body at the time of its start, and gives the value of the body",
  async ({ elapsed }) => {
    const limiter = new RateLimiter({ limit: 1, per: 100 });
    const started = async (): Promise<number> => elapsed();
    expect(await Promise.all([limiter.run(started), limiter.run(started)])).toEqual([0, 100]);
    const failure = new Error("failed");
    expect(await rejection(limiter.run(() => Promise.reject(failure)))).toBe(failure);
  },
);

inVirtualTime(
  "rejectWaiters sends the waits away, and the limiter goes on (SYNC-03)",
  async ({ elapsed, backend }) => {
    const limiter = new RateLimiter({ limit: 1, per: 100 });
    await limiter.acquire();
    const failure = new Error("shut down");
    const sent = [0, 1, 2].map(() => rejection(limiter.acquire()));
    await sleep(10);
    limiter.rejectWaiters(failure);
    expect([limiter.waiting, (backend as VirtualBackend).timerCount]).toEqual([0, 0]);
    expect(await Promise.all(sent)).toEqual([failure, failure, failure]);
    const next = limiter.acquire();
    const idle = limiter.whenIdle().then(elapsed);
    await next;
    expect([elapsed(), await idle]).toEqual([100, 100]);
  },
);

test("a limiter that is made outside goes on in a run on another backend", async () => {
  for (const [kind, second] of [
    ["bucket", [50, 100]],
    ["window", [100, 100]],
  ] as const) {
    const limiter = new RateLimiter({ limit: 2, per: 100, kind });
    const times: number[] = [];
    for (const start of [70_000, 3]) {
      const backend = new VirtualBackend();
      backend.pass(start);
      const both = async (): Promise<void> => {
        for (let i = 0; i < 2; i++) {
          await limiter.acquire();
          times.push(backend.now() - start);
        }
      };
      await run(both, { backend });
    }
    expect(times).toEqual([0, 0, ...second]);
  }
});

describeEverywhere("RateLimiter", (everywhere) => {
  everywhere("the limit holds on every backend", async ({ expectElapsed }) => {
    for (const kind of kinds) {
      const limiter = new RateLimiter({ limit: 2, per: 20, kind });
      await Promise.all([limiter.acquire(), limiter.acquire(), limiter.acquire()]);
    }
    expectElapsed(10 + 20);
  });

  everywhere("wrong arguments are refused", async () => {
    const make = (options: Partial<Record<keyof RateLimiterOptions, unknown>>) => (): RateLimiter =>
      new RateLimiter({ limit: 1, per: 1, ...options } as RateLimiterOptions);
    for (const n of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expectThrows("RangeError", [
        [make({ limit: n }), "options.limit", "a whole number of at least 1", String(n)],
        [make({ burst: n }), "options.burst", "a whole number of at least 1", String(n)],
      ]);
    }
    for (const per of [0, -5, Number.POSITIVE_INFINITY])
      expectThrows("RangeError", [
        [make({ per }), "options.per", "a positive, finite time span", String(per)],
      ]);
    expectThrows("TypeError", [
      [() => new RateLimiter(wrong(undefined)), "options", "an object", "undefined"],
      [() => new RateLimiter(wrong(5)), "options", "an object", "5"],
      [make({ limit: "1" }), "options.limit", "a number", '"1"'],
      [make({ kind: "fixed" }), "options.kind", '"bucket" or "window"', '"fixed"'],
      [make({ kind: "window", burst: 2 }), "options.burst", 'undefined for the kind "window"', "2"],
    ]);
    const limiter = new RateLimiter({ limit: 9, per: 100, burst: 3 });
    for (const n of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const refusal = [
        () => limiter.acquire({ weight: n }),
        "options.weight",
        "a whole number of at least 1",
        String(n),
      ] as const;
      await expectRejects("RangeError", [refusal]);
      expectThrows("RangeError", [
        [() => limiter.acquireNowait({ weight: n }), ...(refusal.slice(1) as [string, string, string])],
      ]);
    }
    await expectRejects("RangeError", [
      [() => limiter.acquire({ weight: 4 }), "options.weight", "at most 3, which can start at one time", "4"],
    ]);
    await expectRejects("TypeError", [
      [() => limiter.acquire({ weight: wrong("1") }), "options.weight", "a number", '"1"'],
      [() => limiter.run(wrong(1)), "body", "a function", "1"],
    ]);
    limiter.acquireNowait({ weight: 3 }); // nothing was used
  });
});

test("the native clock is used outside of any run", async () => {
  const limiter = new RateLimiter({ limit: 1, per: 5 });
  const clock = getBackend("native");
  const start = clock.now();
  await limiter.acquire();
  await limiter.acquire();
  expect(clock.now() - start).toBeGreaterThanOrEqual(5);
});
