import { describe, expect, test } from "vitest";
import {
  Cancellable,
  CancelScope,
  failAfter,
  type IntervalOptions,
  interval,
  moveOnAfter,
  run,
  shield,
  sleep,
  TimeoutCancellation,
} from "../../src/index.ts";
import { expectNoLeaks, VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { cancelledAtEveryTurn } from "../every-turn.ts";
import { expectThrows, wrong } from "../refusals.ts";

describeEverywhere("interval", (everywhere) => {
  everywhere("ticks are numbered from 0 and come one period after the first read", async (t) => {
    const ticks: number[] = [];
    for await (const tick of interval(5, { missed: "burst" })) {
      ticks.push(tick);
      if (ticks.length === 3) break;
    }
    expect(ticks).toEqual([0, 1, 2]);
    t.expectElapsed(15);
  });

  everywhere("with `immediate` the first tick is due at the start", async (t) => {
    const reading = interval({ hours: 1 }, { immediate: true });
    expect(await reading.next()).toEqual({ done: false, value: 0 });
    expect(t.elapsed()).toBeLessThan(3_600_000);
    await reading.return(undefined);
    expect(await reading.next()).toEqual({ done: true, value: undefined });
  });

  everywhere("an outer limit ends the loop, and a limit of the interval is thrown", async () => {
    const loop = async (options?: IntervalOptions): Promise<void> => {
      for await (const _ of interval(60_000, options)) expect.fail("there was no tick");
    };
    expect(await moveOnAfter(5, () => loop())).toBeUndefined();
    const error = await rejection(loop({ timeout: 5 }));
    expect(error).toBeInstanceOf(TimeoutCancellation);
  });

  everywhere("in a cancelled scope the first read rejects (rule 41)", async () => {
    const scope = new CancelScope();
    let error: unknown;
    await scope.run(async () => {
      scope.cancel();
      error = await rejection(interval(1, { immediate: true }).next());
    });
    expect(error).toBe(scope.error);
    expect(() => interval(1, { parent: scope })).toThrow(
      expect.objectContaining({ code: "ERR_PARENT_ENDED" }),
    );
  });

  everywhere("an error that is thrown into the loop is thrown on, and nothing is left", async () => {
    await expectNoLeaks(async () => {
      const error = new Error("stop");
      const loop = async (): Promise<void> => {
        for await (const _ of interval(1)) throw error;
      };
      expect(await rejection(loop())).toBe(error);
      await using unread = interval(1);
      expect(unread[Symbol.asyncIterator]()).toBe(unread);
    });
  });

  everywhere("an interval belongs to the scope of its first read (rule 41)", async (t) => {
    const reading = interval(5, { missed: "burst" });
    const first = await moveOnAfter(60_000, async () => (await reading.next()).value);
    expect(first).toBe(0);
    // The scope has ended, and the interval with it.
    expect(await rejection(reading.next())).toMatchObject({ reason: "parent" });
    t.expectElapsed(5);
  });
});

/** The ticks and the times at which the reader got them. The reader is busy after some of them. */
async function read(
  t: { elapsed(): number },
  options: IntervalOptions & { readonly until: number; readonly busy: Readonly<Record<number, number>> },
): Promise<string> {
  const { until, busy, ...rest } = options;
  const start = t.elapsed();
  const got: string[] = [];
  for await (const tick of interval(100, rest)) {
    const at = t.elapsed() - start;
    if (at > until) break;
    got.push(`${tick}@${at}`);
    await sleep(busy[tick] ?? 0);
  }
  return got.join(" ");
}

describe("interval in virtual time", () => {
  inVirtualTime("an hour of ticks comes at exact multiples of the period (VERB-09)", async (t) => {
    const { backend } = t;
    const times: number[] = [];
    await failAfter({ hours: 2 }, async () => {
      for await (const tick of interval(1_000)) {
        times.push(t.elapsed());
        await sleep(7);
        expect((backend as VirtualBackend).timerCount).toBeLessThanOrEqual(1);
        if (tick === 3_599) break;
      }
    });
    expect(times).toEqual(Array.from({ length: 3_600 }, (_, tick) => (tick + 1) * 1_000));
    t.expectElapsed(3_600_007);
  });

  inVirtualTime("ticks that were missed are skipped, sent in a burst, or delayed (VERB-10)", async (t) => {
    // Busy from 100 to 430.
    const busy = { 0: 330 };
    expect(await read(t, { until: 500, busy })).toBe("0@100 3@430 4@500");
    expect(await read(t, { until: 500, busy, missed: "skip" })).toBe("0@100 3@430 4@500");
    expect(await read(t, { until: 500, busy, missed: "burst" })).toBe("0@100 1@430 2@430 3@430 4@500");
    expect(await read(t, { until: 630, busy, missed: "delay" })).toBe("0@100 1@430 2@530 3@630");
  });

  inVirtualTime("a reader that is a little late gets its tick at once (VERB-10)", async (t) => {
    const busy = { 0: 110 };
    expect(await read(t, { until: 400, busy })).toBe("0@100 1@210 2@300 3@400");
    expect(await read(t, { until: 400, busy, missed: "burst" })).toBe("0@100 1@210 2@300 3@400");
    expect(await read(t, { until: 410, busy, missed: "delay" })).toBe("0@100 1@210 2@310 3@410");
  });

  inVirtualTime("a reader that comes exactly at a tick is not late (VERB-10)", async (t) => {
    for (const missed of ["skip", "burst", "delay"] as const)
      expect(await read(t, { until: 300, busy: { 0: 100 }, missed })).toBe("0@100 1@200 2@300");
  });

  inVirtualTime("with `immediate` the rules are the same (VERB-10)", async (t) => {
    const busy = { 0: 330 };
    expect(await read(t, { until: 400, busy, immediate: true })).toBe("0@0 3@330 4@400");
    expect(await read(t, { until: 400, busy, immediate: true, missed: "burst" })).toBe(
      "0@0 1@330 2@330 3@330 4@400",
    );
    expect(await read(t, { until: 530, busy, immediate: true, missed: "delay" })).toBe(
      "0@0 1@330 2@430 3@530",
    );
  });

  inVirtualTime("a wait that blocking code makes late counts as missed ticks (VERB-10)", async (t) => {
    const rest = {
      skip: "2@350 3@400 4@500",
      burst: "0@350 1@350 2@350 3@400 4@500",
      delay: "0@350 1@450 2@550",
    };
    for (const missed of ["skip", "burst", "delay"] as const) {
      const start = t.elapsed();
      t.backend.setTimer(t.backend.now() + 50, () => t.block(300));
      const got = await read(t, { until: missed === "delay" ? 550 : 500, busy: {}, missed });
      expect([got, start >= 0]).toEqual([rest[missed], true]);
    }
  });

  inVirtualTime("a period of a fraction does not drift (VERB-09)", async (t) => {
    const period = 0.1;
    let last = -1;
    for await (const tick of interval(period, { missed: "skip" })) {
      expect(tick).toBe(last + 1);
      expect(t.elapsed()).toBe(period + tick * period);
      last = tick;
      if (tick === 10_000) break;
    }
  });

  inVirtualTime("no timer is set while the reader is busy (VERB-09)", async (t) => {
    const backend = t.backend as VirtualBackend;
    for await (const tick of interval(100, { missed: "burst" })) {
      expect(backend.timerCount).toBe(0);
      t.block(250);
      expect(backend.timerCount).toBe(0);
      if (tick === 5) break;
    }
  });

  inVirtualTime(
    "break, return() and a cancelled parent end the interval in that turn, without a timer (VERB-11)",
    async (t) => {
      const backend = t.backend as VirtualBackend;
      for await (const _ of interval(100)) break;
      t.expectElapsed(100);
      expect(backend.timerCount).toBe(0);

      const reading = interval(100);
      const next = reading.next();
      expect(backend.timerCount).toBe(1);
      expect(await reading.return(undefined)).toEqual({ done: true, value: undefined });
      expect(await next).toEqual({ done: true, value: undefined });
      expect(backend.timerCount).toBe(0);
      t.expectElapsed(100);

      const op = new Cancellable();
      const ended = rejection(
        op.run(async () => {
          for await (const _ of interval(100)) expect.fail("there was no tick");
        }),
      );
      await sleep(50);
      op.cancel();
      expect(backend.timerCount).toBe(0);
      expect(await ended).toBe(op.token.error);
      t.expectElapsed(150);
    },
  );

  inVirtualTime("a late reader whose scope was cancelled gets no tick (VERB-11)", async (t) => {
    const ticks: number[] = [];
    const op = new Cancellable();
    const error = await rejection(
      op.run(async () => {
        for await (const tick of interval(100)) {
          ticks.push(tick);
          t.block(250);
          op.cancel();
        }
      }),
    );
    expect([ticks, error]).toEqual([[0], op.token.error]);
  });

  inVirtualTime("in a shield the ticks go on when the scope outside is cancelled (rule 41)", async (t) => {
    const times: number[] = [];
    await moveOnAfter(150, () =>
      shield(async () => {
        for await (const tick of interval(100)) {
          times.push(t.elapsed());
          if (tick === 2) break;
        }
      }),
    );
    expect(times).toEqual([100, 200, 300]);
  });

  cancelledAtEveryTurn(
    "a reader that is cancelled at any moment leaves nothing behind (VERB-11)",
    async () => {
      for await (const tick of interval(10)) {
        await sleep(tick === 0 ? 5 : 15);
        if (tick >= 3) break;
      }
    },
    { times: [0, 10, 15, 20, 30, 35, 40] },
  );
});

test("a reader that is always late does not keep timers from being served (rule 29)", async () => {
  let isServed = false;
  await run(
    async () => {
      setTimeout(() => {
        isServed = true;
      }, 1);
      // Without a turn of the event loop, this loop would never end.
      for await (const _ of interval({ nanoseconds: 1 }, { missed: "burst" })) if (isServed) break;
    },
    { backend: "native" },
  );
  expect(isServed).toBe(true);
});

inVirtualTime("the smallest period gives a tick at once, and the next one too", async ({ elapsed }) => {
  const seen: number[] = [];
  await failAfter(100, async () => {
    for await (const _ of interval(Number.MIN_VALUE)) {
      seen.push(Math.round(elapsed()));
      if (seen.length === 3) break;
      await sleep(1);
    }
  });
  expect(seen).toEqual([0, 1, 2]);
});

describeEverywhere("interval refuses bad input", (everywhere) => {
  everywhere("at once", () => {
    const span = "milliseconds, a Duration such as { seconds: 5 }, or null";
    const call = (options: unknown) => () => interval(5, wrong(options));
    const words = '"skip", "burst" or "delay"';
    expectThrows("TypeError", [
      [() => interval(wrong("1s")), "period", span, '"1s"'],
      [() => interval(wrong(undefined)), "period", span, "undefined"],
      [call(5), "options", "an object", "5"],
      [call({ missed: "drop" }), "options.missed", words, '"drop"'],
      [call({ missed: null }), "options.missed", words, "null"],
      [call({ immediate: 1 }), "options.immediate", "true or false", "1"],
      [call({ timeout: "1s" }), "options.timeout", span, '"1s"'],
    ]);
    const positive = "a positive, finite time span";
    expectThrows("RangeError", [
      [() => interval(Number.NaN), "period", "a number of milliseconds", "NaN"],
      ...[0, -1, Number.POSITIVE_INFINITY, null].map(
        (bad) => [() => interval(bad), "period", positive, String(bad)] as const,
      ),
    ]);
  });
});
