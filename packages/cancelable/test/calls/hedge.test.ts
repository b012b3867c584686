import { describe, expect, vi } from "vitest";
import { type HedgeOptions, hedge } from "../../src/calls/index.ts";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  currentScope,
  currentSignal,
  Deferred,
  failAfter,
  moveOnAfter,
  Semaphore,
  shield,
  sleep,
  sleepForever,
  TimeoutCancellation,
  UsageError,
} from "../../src/index.ts";
import { expectNoLeaks, VirtualBackend } from "../../src/testing/index.ts";
import { SharedCancellationToken } from "../../src/threads/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { cancelledAtEveryTurn } from "../every-turn.ts";
import { expectRejects, wrong } from "../refusals.ts";

/** An attempt that answers with its number after some time, or fails after `-time`. */
const timed =
  (...times: readonly number[]) =>
  async ({ attempt }: { readonly attempt: number }): Promise<number> => {
    const time = times[attempt - 1] as number;
    await sleep(Math.abs(time));
    if (time < 0) throw new Error(`error ${attempt}`);
    return attempt;
  };

describeEverywhere("hedge", (everywhere) => {
  everywhere("an attempt that answers in time is the only one", async () => {
    const attempt = vi.fn(async ({ attempt }: { attempt: number }) => attempt);
    expect(await hedge(attempt, { after: 1_000 })).toBe(1);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  everywhere(
    "the losers are cancelled as superseded, and have ended when the hedge resolves (rule 46)",
    async (t) => {
      const order: string[] = [];
      const value = await hedge(
        async ({ attempt }) => {
          if (attempt === 2) return "second";
          try {
            return await sleepForever();
          } catch (error) {
            order.push((error as Error & { reason: string }).reason);
            await shield(() => sleep(20));
            throw error;
          } finally {
            order.push("loser ended");
          }
        },
        { after: 5 },
      );
      order.push(value);
      expect(order).toEqual(["superseded", "loser ended", "second"]);
      t.expectElapsed(25);
    },
  );

  everywhere(
    "a failing attempt ends the tasks that it started, and a failure of a loser is reported",
    async (t) => {
      const ended: unknown[] = [];
      const mistake = new Error("clean-up");
      const value = await hedge(
        async ({ attempt, scope }) => {
          if (attempt === 3) return attempt;
          if (attempt === 2) {
            return sleepForever().catch(() => {
              throw mistake;
            });
          }
          const child = new CancelScope({ parent: scope });
          void child.run(() => sleepForever().finally(() => ended.push("child"))).catch(() => {});
          throw new Error("busy");
        },
        { after: 5, attempts: 3 },
      );
      expect([value, ended]).toEqual([3, ["child"]]);
      expect(t.reported.splice(0)).toEqual([mistake]);
    },
  );

  everywhere(
    "errors of usage, cancellations of other scopes and AbortErrors end the hedge by default",
    async () => {
      const others = new CancellationToken();
      others.cancel("shutdown");
      for (const error of [
        new UsageError("ERR_CLOSED", "the pool"),
        others.error,
        new DOMException("stopped", "AbortError"),
      ]) {
        const attempt = vi.fn(() => Promise.reject(error));
        expect(await rejection(hedge(attempt, { after: 1 }))).toBe(error);
        expect(attempt).toHaveBeenCalledTimes(1);
        expect(await rejection(hedge(attempt, { after: 1, when: () => true }))).toBe(error);
        expect(attempt).toHaveBeenCalledTimes(3);
      }
    },
  );

  everywhere("in a cancelled scope no attempt is made (rule 41)", async () => {
    const attempt = vi.fn();
    const scope = new CancelScope();
    let error: unknown;
    await scope.run(async () => {
      scope.cancel();
      error = await rejection(hedge(attempt, { after: 1 }));
    });
    expect(error).toBe(scope.error);
    expect(await rejection(hedge(attempt, { after: 1, timeout: 0 }))).toBeInstanceOf(TimeoutCancellation);
    expect(await rejection(hedge(attempt, { after: 1, parent: scope }))).toMatchObject({
      code: "ERR_PARENT_ENDED",
    });
    expect(attempt).not.toHaveBeenCalled();
  });

  everywhere("an outer limit passes through, and so does a limit of the hedge", async (t) => {
    const hanging = (timeout?: number) => hedge(() => sleepForever(), { after: 2, attempts: 3, timeout });
    expect(await moveOnAfter(10, () => hanging())).toBeUndefined();
    t.expectElapsed(10);
    expect(await rejection(hanging(10))).toBeInstanceOf(TimeoutCancellation);
    t.expectElapsed(20);
  });

  everywhere("the value of a loser goes to onUndelivered, whose error is reported (rule 43)", async (t) => {
    const late = async ({ attempt }: { attempt: number }): Promise<number> => {
      await sleep(attempt === 2 ? 1 : 1_000).catch(() => {});
      return attempt;
    };
    const undelivered: number[] = [];
    expect(await hedge(late, { after: 1, onUndelivered: (value) => undelivered.push(value) })).toBe(2);
    expect(undelivered).toEqual([1]);
    const mistake = new Error("mistake");
    const onUndelivered = (): never => {
      throw mistake;
    };
    expect(await hedge(late, { after: 1, onUndelivered })).toBe(2);
    expect(t.reported.splice(0)).toEqual([mistake]);
    // Without a function for the value, the value is dropped.
    expect(await hedge(late, { after: 1 })).toBe(2);
  });

  everywhere("without onUndelivered the lease of a loser is released (rule 46)", async () => {
    const pool = new Semaphore(2);
    const lease = await hedge(
      async ({ attempt }) => {
        const held = await pool.acquire();
        await sleep(attempt === 2 ? 1 : 1_000).catch(() => {});
        return held;
      },
      { after: 1 },
    );
    expect(pool.value).toBe(1);
    lease.release();
    expect(pool.value).toBe(2);
  });

  everywhere(
    "when() and after() that throw end the hedge, and a failure that no caller gets is reported (rule 43)",
    async (t) => {
      const failure = new Error("busy");
      const mistake = new Error("mistake");
      const throwing = (): never => {
        throw mistake;
      };
      const failing = () => Promise.reject(failure);
      expect(await rejection(hedge(failing, { after: 1, when: throwing }))).toBe(mistake);
      expect(t.reported.splice(0)).toEqual([failure]);
      expect(await rejection(hedge(() => sleepForever(), { after: throwing }))).toBe(mistake);
      expect(await rejection(hedge(() => sleepForever(), { after: () => Number.NaN }))).toMatchObject({
        name: "RangeError",
        message: "the result of options.after must be a number of milliseconds; got NaN",
      });
      const second = ({ attempt }: { readonly attempt: number }): Promise<never> =>
        attempt === 1 ? failing() : sleepForever();
      const afterSecond = (attempt: number): number => (attempt === 2 ? throwing() : 60_000);
      expect(await rejection(hedge(second, { after: afterSecond, attempts: 3 }))).toBe(mistake);
      expect(t.reported.splice(0)).toEqual([failure]);
    },
  );

  everywhere("a when() that returns a promise is refused, because a promise counts as true", async (t) => {
    const failure = new Error("busy");
    const when = (async () => false) as unknown as () => boolean;
    expect(await rejection(hedge(() => Promise.reject(failure), { after: 1, when }))).toMatchObject({
      name: "TypeError",
      message: expect.stringMatching(/^options\.when must be a function that returns no promise/),
    });
    expect(t.reported.splice(0)).toEqual([failure]);
  });

  everywhere("the scope of an attempt is the ambient one, and works where there is none", async () => {
    const value = await hedge(
      async ({ scope }) => {
        const isAmbient = currentScope().signal === scope.signal;
        await scope.sleep(1);
        return isAmbient;
      },
      { after: 1_000 },
    );
    expect(value).toBe(true);
  });

  everywhere("nothing is left behind, with every kind of limit", async () => {
    const controller = new AbortController();
    const token = new CancellationToken();
    await expectNoLeaks(
      async () => {
        const limits = { signal: controller.signal, token, timeout: 60_000 };
        await hedge(timed(50, 1), { after: 2, ...limits });
        await rejection(hedge(timed(-1, -1), { after: 2, ...limits }));
      },
      { listeners: [controller.signal] },
    );
  });
});

describe("hedge in virtual time", () => {
  inVirtualTime("a limit that passes at any look at the clock is the error", async (t) => {
    const backend = t.backend as VirtualBackend;
    const now = backend.now.bind(backend);
    for (let look = 1; look <= 20; look++) {
      let left = look;
      const looking = vi.spyOn(backend, "now").mockImplementation(() => {
        if (--left === 0) backend.pass(20);
        return now();
      });
      const error = await rejection(failAfter(10, () => hedge(() => sleepForever(), { after: 2 })));
      looking.mockRestore();
      expect(error, `at look ${look}`).toBeInstanceOf(TimeoutCancellation);
    }
  });

  inVirtualTime("the error of a limit of the hedge has the last failure as its cause", async () => {
    const failure = new Error("down");
    const own = await rejection(
      hedge(({ attempt }) => (attempt === 1 ? Promise.reject(failure) : sleepForever()), {
        after: 1,
        timeout: 10,
      }),
    );
    expect([own instanceof TimeoutCancellation, (own as Error).cause]).toEqual([true, failure]);
  });

  inVirtualTime(
    "the next attempt begins after some time, and at once after a failure (VERB-06)",
    async (t) => {
      const begun: number[] = [];
      let superseded: unknown;
      const value = await hedge(
        async ({ attempt }) => {
          begun.push(t.elapsed());
          if (attempt === 1) {
            await sleepForever().catch((error: unknown) => {
              superseded = error;
              throw error;
            });
          }
          await sleep(10);
          if (attempt === 2) throw new Error("busy");
          return attempt;
        },
        { after: 50, attempts: 3 },
      );
      expect([value, begun]).toEqual([3, [0, 50, 60]]);
      t.expectElapsed(70);
      expect(superseded).toMatchObject({ reason: "superseded" });
    },
  );

  inVirtualTime("a failure counts anew: the next one waits its whole time (VERB-06)", async (t) => {
    const begun: number[] = [];
    await hedge(
      async ({ attempt }) => {
        begun.push(t.elapsed());
        return timed(-10, 500, 500, 5)({ attempt });
      },
      { after: 50, attempts: 4 },
    );
    expect(begun).toEqual([0, 10, 60, 110]);
    t.expectElapsed(115);
  });

  inVirtualTime(
    "a function decides the time after each attempt, and null leaves it to failures (VERB-06)",
    async (t) => {
      const begun: number[] = [];
      const after = vi.fn((attempt: number) => (attempt < 3 ? { milliseconds: attempt * 10 } : null));
      await hedge(
        async ({ attempt }) => {
          begun.push(t.elapsed());
          return timed(1_000, 1_000, -500, 1)({ attempt });
        },
        { after, attempts: 4 },
      );
      expect(begun).toEqual([0, 10, 30, 530]);
      expect(after.mock.calls).toEqual([[1], [2], [3]]);
    },
  );

  inVirtualTime("two failures in one turn begin two attempts (VERB-06)", async (t) => {
    const begun: number[] = [];
    const value = await hedge(
      async ({ attempt }) => {
        begun.push(t.elapsed());
        return timed(-50, -40, 100, 1)({ attempt });
      },
      { after: (attempt) => (attempt === 1 ? 10 : null), attempts: 4 },
    );
    expect([value, begun]).toEqual([4, [0, 10, 50, 50]]);
    t.expectElapsed(51);
  });

  inVirtualTime("a failure in a cancelled scope is thrown, and begins no attempt (rule 45)", async () => {
    const failure = new Error("the file is broken");
    const when = vi.fn(() => true);
    const attempt = vi.fn(() =>
      sleepForever().catch(() => {
        throw failure;
      }),
    );
    const scope = new CancelScope();
    const running = rejection(scope.run(() => hedge(attempt, { after: null, when })));
    await sleep(1);
    scope.cancel();
    expect(await running).toBe(failure);
    expect([attempt, when].map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
  });

  inVirtualTime("the winner's signal is never aborted (VERB-07)", async (t) => {
    let signal: AbortSignal | undefined;
    const scope = new CancelScope();
    await scope.run(() =>
      hedge(
        async ({ attempt }) => {
          if (attempt === 1) return sleepForever();
          signal = currentSignal();
          await sleep(10);
          return attempt;
        },
        { after: 50, timeout: { minutes: 1 } },
      ),
    );
    await sleep({ hours: 1 });
    scope.cancel();
    expect(signal?.aborted).toBe(false);
    t.expectElapsed(3_600_060);
  });

  inVirtualTime(
    "of two successes in one turn one is the result, and the other is undelivered once (VERB-07)",
    async () => {
      const answers = [new Deferred<string>(), new Deferred<string>()];
      const undelivered: string[] = [];
      const result = hedge(({ attempt }) => (answers[attempt - 1] as Deferred<string>).wait(), {
        after: 0,
        onUndelivered: (value) => undelivered.push(value),
      });
      await sleep(1);
      answers[1]?.resolve("second");
      answers[0]?.resolve("first");
      expect(await result).toBe("second");
      expect(undelivered).toEqual(["first"]);
    },
  );

  inVirtualTime(
    "attempts that throw at once all begin at once, and the last error is thrown (VERB-37)",
    async (t) => {
      const errors: Error[] = [];
      const attempt = (): never => {
        const error = new Error(`error ${errors.length + 1}`);
        errors.push(error);
        throw error;
      };
      expect(await rejection(hedge(attempt, { after: 50, attempts: 5 }))).toBe(errors[4]);
      expect(errors).toHaveLength(5);
      t.expectElapsed(0);
    },
  );

  inVirtualTime("a winner and a fatal failure in one turn: the first decides (VERB-37)", async (t) => {
    for (const first of ["winner", "fatal"]) {
      const answers = [new Deferred<string>(), new Deferred<string>()] as const;
      const fatal = new Error("fatal");
      const result = hedge(({ attempt }) => (answers[attempt - 1] as Deferred<string>).wait(), {
        after: 0,
        when: () => false,
      }).then(
        (value) => value,
        (error: unknown) => error,
      );
      await sleep(1);
      if (first === "winner") answers[0].resolve("winner");
      answers[1].reject(fatal);
      if (first === "fatal") answers[0].resolve("winner");
      expect(await result).toBe(first === "winner" ? "winner" : fatal);
      // A failure that came too late has no other place to go.
      expect(t.reported.splice(0)).toEqual(first === "winner" ? [fatal] : []);
    }
  });

  inVirtualTime("a fatal failure ends the hedge without waiting for other answers (VERB-37)", async (t) => {
    const fatal = new Error("fatal");
    const error = await rejection(
      hedge(
        async ({ attempt }) => {
          if (attempt === 2) throw fatal;
          await sleepForever().finally(() => shield(() => sleep(5)));
        },
        { after: 10, attempts: 9, when: () => false },
      ),
    );
    expect(error).toBe(fatal);
    t.expectElapsed(15);
  });

  inVirtualTime("cancelled while a loser cleans up after the win: the value (VERB-37)", async (t) => {
    const op = new Cancellable();
    const outcome = op.settle(() =>
      hedge(
        async ({ attempt }) => {
          if (attempt === 2) return "won";
          return sleepForever().finally(() => shield(() => sleep(20)));
        },
        { after: 10 },
      ),
    );
    await sleep(15);
    op.cancel();
    expect(await outcome).toMatchObject({ status: "completed", value: "won" });
    t.expectElapsed(30);
  });

  inVirtualTime("a value that comes although the caller was cancelled is the result (rule 26)", async () => {
    const scope = new CancelScope();
    const undelivered: number[] = [];
    const deaf = async ({ attempt }: { attempt: number }): Promise<number> => {
      if (attempt === 3) return sleepForever();
      await sleep(100).catch(() => {});
      return attempt;
    };
    const running = scope.run(() =>
      hedge(deaf, { after: 0, attempts: 3, onUndelivered: (value) => undelivered.push(value) }),
    );
    await sleep(5);
    scope.cancel();
    expect([await running, undelivered]).toEqual([1, [2]]);
  });

  inVirtualTime("no attempt begins with less time left than the minimum (VERB-37)", async (t) => {
    const attempt = vi.fn(() => sleep(80).then(() => Promise.reject(new Error("down"))));
    const options: HedgeOptions<never> = { after: 30, attempts: 9, minimum: 50 };
    // At 60 only 40 are left, and a failure at 80 begins none either.
    const error = await rejection(failAfter(100, () => hedge(attempt, options)));
    expect(attempt).toHaveBeenCalledTimes(2);
    expect(error).toBeInstanceOf(TimeoutCancellation);
    t.expectElapsed(100);
    const first = await rejection(failAfter(40, () => hedge(attempt, options)));
    expect(first).toMatchObject({ message: "less than 50 ms was left for the first attempt" });
    expect(attempt).toHaveBeenCalledTimes(2);
    t.expectElapsed(100);
  });

  inVirtualTime(
    "without time for another attempt the last failure is thrown at once (VERB-37)",
    async (t) => {
      const error = await rejection(failAfter(100, () => hedge(timed(-60, -60), { after: 70, minimum: 50 })));
      expect(error).toMatchObject({ message: "error 1" });
      t.expectElapsed(60);
    },
  );

  inVirtualTime("60 hedges a minute for an hour begin exactly when the model says (VERB-08)", async (t) => {
    const random = new VirtualBackend({ seed: 12 });
    const begun: number[] = [];
    const model: number[] = [];
    const ends: number[] = [];
    const seen: number[] = [];
    for (let round = 0; round < 3_600; round++) {
      const start = round * 1_000;
      // Fractions, so that no two events happen at the same time.
      const latencies = [0, 1, 2].map(() => random.random() * 300);
      const fails = [0, 1, 2].map(() => random.random() < 0.3);
      const expected = modelOf(start, latencies, fails, 50);
      model.push(...expected.begun);
      ends.push(expected.end);
      await sleep(start - t.elapsed());
      await hedge(
        async ({ attempt }) => {
          begun.push(t.elapsed());
          await sleep(latencies[attempt - 1] as number);
          if (fails[attempt - 1]) throw new Error("down");
        },
        { after: 50, attempts: 3 },
      ).catch(() => {});
      seen.push(t.elapsed());
    }
    expect(begun).toEqual(model);
    expect(seen).toEqual(ends);
    expect(begun.length).toBeGreaterThan(8_000);
  });

  cancelledAtEveryTurn(
    "a caller that is cancelled at any moment leaves nothing behind (VERB-37)",
    () =>
      hedge(
        async ({ attempt }) => {
          await sleep(attempt === 3 ? 7 : 50).finally(() => shield(() => sleep(2)));
          return attempt;
        },
        { after: 5, attempts: 3, timeout: 1_000 },
      ),
    { times: [0, 5, 10, 17, 19] },
  );
});

/** The times at which the attempts of one hedge begin, and the time at which it ends. */
function modelOf(
  start: number,
  latencies: readonly number[],
  fails: readonly boolean[],
  after: number,
): { readonly begun: number[]; readonly end: number } {
  const begun = [start];
  const running = new Map([[0, start + (latencies[0] as number)]]);
  let next = start + after;
  for (;;) {
    const [first, at] = [...running].reduce(
      (one, other) => (other[1] < one[1] ? other : one),
      [-1, Infinity],
    );
    const hasMore = begun.length < latencies.length;
    const isFailure = at <= next && fails[first] === true;
    if (at <= next || !hasMore) {
      if (!fails[first]) return { begun, end: at };
      running.delete(first);
      if (running.size === 0 && !hasMore) return { begun, end: at };
    }
    if (!hasMore) continue;
    const begins = isFailure ? at : next;
    running.set(begun.length, begins + (latencies[begun.length] as number));
    begun.push(begins);
    next = begins + after;
  }
}

inVirtualTime("a shared token limits the time of no attempt (VERB-06)", async ({ elapsed }) => {
  using token = new SharedCancellationToken();
  const work = ({ attempt }: { readonly attempt: number }): Promise<number> =>
    sleep(attempt === 1 ? 1_000 : 10).then(() => attempt);
  expect([await hedge(work, { after: 50, token }), elapsed()]).toEqual([2, 60]);
});

describeEverywhere("hedge refuses bad input", (everywhere) => {
  everywhere("before an attempt is made", async () => {
    const attempt = vi.fn();
    const span = "milliseconds, a Duration such as { seconds: 5 }, or null";
    const count = "a whole number of at least 1, or Infinity";
    const call = (options: unknown) => () => hedge(attempt, wrong(options));
    await expectRejects("TypeError", [
      [() => hedge(wrong(5), { after: 1 }), "attempt", "a function", "5"],
      [call(undefined), "options.after", span, "undefined"],
      [call({}), "options.after", span, "undefined"],
      [call(5), "options", "an object", "5"],
      [call({ after: "1s" }), "options.after", span, '"1s"'],
      [call({ after: 1, attempts: "3" }), "options.attempts", "a number", '"3"'],
      [call({ after: 1, minimum: "1s" }), "options.minimum", span, '"1s"'],
      [call({ after: 1, timeout: "1s" }), "options.timeout", span, '"1s"'],
      [call({ after: 1, when: true }), "options.when", "a function", "true"],
      [call({ after: 1, onUndelivered: 5 }), "options.onUndelivered", "a function", "5"],
    ]);
    await expectRejects("RangeError", [
      [call({ after: Number.NaN }), "options.after", "a number of milliseconds", "NaN"],
      ...[0, -1, 1.5, Number.NaN].map(
        (bad) => [call({ after: 1, attempts: bad }), "options.attempts", count, String(bad)] as const,
      ),
      [call({ after: 1, minimum: Number.NaN }), "options.minimum", "a number of milliseconds", "NaN"],
      [call({ after: 1, minimum: null }), "options.minimum", "a finite time span", "null"],
    ]);
    expect(attempt).not.toHaveBeenCalled();
  });

  everywhere("with 0 or less all attempts begin at once", async () => {
    for (const after of [0, -5]) {
      const begun: number[] = [];
      const value = await hedge(
        async ({ attempt }) => {
          begun.push(attempt);
          await sleep(attempt === 3 ? 1 : 1_000);
          return attempt;
        },
        { after, attempts: 3, minimum: -1 },
      );
      expect([value, begun]).toEqual([3, [1, 2, 3]]);
    }
  });

  everywhere("a function that throws at once, undefined or a bad promise counts as a rejection", async () => {
    const failure = new Error("then");
    for (const [attempt, error] of [
      [
        () => {
          throw failure;
        },
        failure,
      ],
      [() => Promise.reject(undefined), undefined],
      [
        () =>
          ({
            get then(): never {
              throw failure;
            },
          }) as never,
        failure,
      ],
    ] as const) {
      expect(await rejection(hedge<unknown>(attempt, { after: 1 }))).toBe(error);
    }
  });
});
