import { describe, expect, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  currentScope,
  failAfter,
  moveOnAfter,
  type RetryOptions,
  retry,
  run,
  shield,
  sleep,
  sleepForever,
  TimeoutCancellation,
  UsageError,
} from "../../src/index.ts";
import { expectNoLeaks, VirtualBackend } from "../../src/testing/index.ts";
import { SharedCancellationToken } from "../../src/threads/index.ts";
import { type Case, deferred, describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { cancelledAtEveryTurn } from "../every-turn.ts";
import { expectRejects, wrong } from "../refusals.ts";

/** An attempt that fails with `error 1`, `error 2`, … and the times at which it began. */
function failing(t: Case): { begun: number[]; errors: Error[]; attempt: () => Promise<never> } {
  const begun: number[] = [];
  const errors: Error[] = [];
  return {
    begun,
    errors,
    attempt: async () => {
      begun.push(t.elapsed());
      const error = new Error(`error ${begun.length}`);
      errors.push(error);
      throw error;
    },
  };
}

const steps = { initial: 100, factor: 2, max: 1_000, jitter: "none" } as const;
const flat = (initial: number) => ({ initial, factor: 1, jitter: "none" }) as const;

describeEverywhere("retry", (everywhere) => {
  everywhere(
    "the first success is the result, and each attempt knows its number and the error before",
    async () => {
      const seen: unknown[] = [];
      const value = await retry(
        ({ attempt, previous }) => {
          seen.push([attempt, previous]);
          if (attempt < 3) throw `failure ${attempt}`;
          return "done";
        },
        { backoff: { initial: 1 } },
      );
      expect([value, seen]).toEqual([
        "done",
        [
          [1, undefined],
          [2, "failure 1"],
          [3, "failure 2"],
        ],
      ]);
    },
  );

  everywhere("three attempts are made by default, and the last error itself is thrown", async (t) => {
    const { errors, attempt } = failing(t);
    expect(await rejection(retry(attempt, { backoff: { initial: 1 } }))).toBe(errors[2]);
    expect(errors).toHaveLength(3);
  });

  everywhere(
    "an attempt that fails ends the tasks that it started before the next attempt begins",
    async () => {
      const order: string[] = [];
      await rejection(
        retry(
          async ({ attempt, scope }) => {
            order.push(`begin ${attempt}`);
            const child = new CancelScope({ parent: scope });
            void child.run(() => sleepForever().finally(() => order.push(`end ${attempt}`))).catch(() => {});
            throw new Error("boom");
          },
          { attempts: 2, backoff: { initial: 1 } },
        ),
      );
      expect(order).toEqual(["begin 1", "end 1", "begin 2", "end 2"]);
    },
  );

  everywhere("in a cancelled scope no attempt is made and no rule is asked (rule 41)", async () => {
    const attempt = vi.fn();
    const scope = new CancelScope();
    let error: unknown;
    await scope.run(async () => {
      scope.cancel();
      error = await rejection(retry(attempt));
    });
    expect(error).toBe(scope.error);
    expect(await rejection(retry(attempt, { timeout: 0 }))).toBeInstanceOf(TimeoutCancellation);
    expect(await rejection(retry(attempt, { parent: scope }))).toMatchObject({ code: "ERR_PARENT_ENDED" });
    expect(attempt).not.toHaveBeenCalled();
  });

  everywhere(
    "an attempt that was cancelled and throws something else has failed and is not retried (rule 45)",
    async () => {
      const when = vi.fn(() => true);
      const scope = new CancelScope();
      const failure = new Error("the file is broken");
      const attempt = vi.fn(() =>
        sleepForever().catch(() => {
          throw failure;
        }),
      );
      const running = rejection(scope.run(() => retry(attempt, { when })));
      await sleep(1);
      scope.cancel();
      expect(await running).toBe(failure);
      expect([attempt, when].map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
    },
  );

  everywhere(
    "errors of usage, cancellations of others and AbortErrors are not retried by default",
    async () => {
      const others = new CancellationToken();
      others.cancel("shutdown");
      for (const error of [
        new UsageError("ERR_CLOSED", "the pool"),
        others.error,
        new Error("wrapped", { cause: others.error }),
        new DOMException("stopped", "AbortError"),
        new TypeError("fetch failed", { cause: new DOMException("stopped", "AbortError") }),
      ]) {
        const attempt = vi.fn(() => Promise.reject(error));
        expect(await rejection(retry(attempt, { backoff: { initial: 0 } }))).toBe(error);
        expect(attempt).toHaveBeenCalledTimes(1);
        // A rule of the caller decides alone.
        await rejection(retry(attempt, { backoff: { initial: 0 }, when: () => true }));
        expect(attempt).toHaveBeenCalledTimes(4);
      }
    },
  );

  everywhere("timeouts inside an attempt and all other errors are retried by default", async () => {
    const hostile = new Proxy(new Error("hostile"), {
      get: () => {
        throw new Error("do not look");
      },
    });
    const circle = new Error("circle");
    circle.cause = circle;
    for (const fail of [
      () => failAfter(1, () => sleepForever()),
      () => Promise.reject(new DOMException("too slow", "TimeoutError")),
      () =>
        Promise.reject(
          Object.assign(new Error("aborted", { cause: new DOMException("too slow", "TimeoutError") }), {
            name: "AbortError",
          }),
        ),
      () => Promise.reject(new TypeError("fetch failed")),
      () => Promise.reject(undefined),
      () => Promise.reject(hostile),
      () => Promise.reject(circle),
    ]) {
      const attempt = vi.fn(fail);
      await retry<unknown>(attempt, { attempts: 2, backoff: { initial: 0 } }).catch(() => {});
      expect(attempt).toHaveBeenCalledTimes(2);
    }
  });

  everywhere(
    "an outer limit that runs out is not absorbed, and one inside an attempt is a failure",
    async (t) => {
      expect(
        await moveOnAfter(10, () => retry(() => sleepForever(), { attemptTimeout: 1_000 })),
      ).toBeUndefined();
      t.expectElapsed(10);
    },
  );

  inVirtualTime("a timeout of the retry has the failure before as its cause", async () => {
    const failure = new Error("first");
    const error = await rejection(
      retry(({ attempt }) => (attempt === 1 ? Promise.reject(failure) : sleepForever()), {
        timeout: 20,
        backoff: { initial: 0 },
      }),
    );
    expect(error).toBeInstanceOf(TimeoutCancellation);
    expect((error as Error).cause).toBe(failure);
    expect(Object.keys(error as Error)).not.toContain("cause");
  });

  everywhere("a timeout of the retry before the first failure has no cause", async () => {
    const first = await rejection(retry(() => sleepForever(), { timeout: 5 }));
    expect([first instanceof TimeoutCancellation, (first as Error).cause]).toEqual([true, undefined]);
  });

  everywhere("the scope of an attempt is the ambient one, and works where there is none", async () => {
    const value = await retry(async ({ scope }) => {
      const isAmbient = currentScope().signal === scope.signal;
      await scope.sleep(1);
      return isAmbient;
    });
    expect(value).toBe(true);
    const error = await rejection(
      retry(({ scope }) => scope.sleep(60_000), { attempts: 1, attemptTimeout: 5 }),
    );
    expect(error).toMatchObject({ reason: "timeout", timeoutMs: 5 });
  });

  everywhere(
    "when() and backoff() that throw end the retry, and the failure is reported (rule 43)",
    async (t) => {
      const failure = new Error("busy");
      const mistake = new Error("mistake");
      const throwing = (): never => {
        throw mistake;
      };
      for (const options of [
        { when: throwing },
        { when: () => Promise.reject(mistake) },
        { backoff: throwing },
      ]) {
        expect(await rejection(retry(() => Promise.reject(failure), options))).toBe(mistake);
        expect(t.reported.splice(0)).toEqual([failure]);
      }
      // Throwing the failure itself is another way to say no.
      const rethrow = (error: unknown): never => {
        throw error;
      };
      expect(await rejection(retry(() => Promise.reject(failure), { when: rethrow }))).toBe(failure);
    },
  );

  everywhere("onRetry() that throws or rejects changes nothing and is reported (rule 43)", async (t) => {
    const mistakes = [new Error("thrown"), new Error("rejected")];
    let left = 0;
    const onRetry = () => {
      left += 1;
      if (left === 1) throw mistakes[0];
      return Promise.reject(mistakes[1]);
    };
    const failure = new Error("busy");
    expect(await rejection(retry(() => Promise.reject(failure), { backoff: { initial: 1 }, onRetry }))).toBe(
      failure,
    );
    expect(t.reported.splice(0)).toEqual(mistakes);
  });

  everywhere("a function decides the delay, from the error and the usual delay", async () => {
    const asked: unknown[] = [];
    const told: unknown[] = [];
    await rejection(
      retry(({ attempt }) => Promise.reject({ retryAfter: attempt }), {
        attempts: 3,
        backoff: (error, attempt, usual) => {
          asked.push([error, attempt, usual >= 0 && usual <= 100 * attempt]);
          return { milliseconds: (error as { retryAfter: number }).retryAfter };
        },
        onRetry: (error, info) => told.push([error, info]),
      }),
    );
    expect(asked).toEqual([
      [{ retryAfter: 1 }, 1, true],
      [{ retryAfter: 2 }, 2, true],
    ]);
    expect(told).toEqual([
      [{ retryAfter: 1 }, { attempt: 1, delay: 1 }],
      [{ retryAfter: 2 }, { attempt: 2, delay: 2 }],
    ]);
  });

  everywhere("a delay without end is not begun: the last error is thrown", async (t) => {
    const { errors, attempt } = failing(t);
    expect(await rejection(retry(attempt, { backoff: () => null }))).toBe(errors[0]);
    expect(errors).toHaveLength(1);
  });

  everywhere("a delay of 0 or less is a turn of the event loop", async (t) => {
    let turns = 0;
    const before: number[] = [];
    const attempt = (): Promise<never> => {
      before.push(turns);
      t.backend.turn(() => turns++);
      return Promise.reject(new Error("busy"));
    };
    await rejection(retry(attempt, { attempts: 5, backoff: () => -1 }));
    expect(before).toEqual([0, 1, 2, 3, 4]);
  });

  everywhere("nothing is left behind, with every kind of limit", async () => {
    const controller = new AbortController();
    const token = new CancellationToken();
    await expectNoLeaks(
      async () => {
        await retry(() => sleep(1), {
          signal: controller.signal,
          token,
          timeout: 60_000,
          attemptTimeout: 60_000,
        });
        await rejection(
          retry(() => Promise.reject(new Error("x")), { signal: controller.signal, backoff: { initial: 1 } }),
        );
      },
      { listeners: [controller.signal] },
    );
  });
});

describe("retry in virtual time", () => {
  inVirtualTime(
    "the delays grow up to the cap, and the error of the last attempt is thrown (VERB-01)",
    async (t) => {
      const { begun, errors, attempt } = failing(t);
      const error = await rejection(retry(attempt, { attempts: 6, backoff: steps }));
      expect(begun).toEqual([0, 100, 300, 700, 1500, 2500]);
      t.expectElapsed(2500);
      expect(error).toBe(errors[5]);
    },
  );

  inVirtualTime("a wait that would end after the deadline is not begun (VERB-02)", async (t) => {
    const { begun, errors, attempt } = failing(t);
    const error = await rejection(failAfter(1000, () => retry(attempt, { attempts: 6, backoff: steps })));
    expect(begun).toEqual([0, 100, 300, 700]);
    t.expectElapsed(700);
    expect(error).toBe(errors[3]);
  });

  inVirtualTime("no attempt is begun with less time left than the minimum (VERB-02)", async (t) => {
    const { begun, errors, attempt } = failing(t);
    const options: RetryOptions = { attempts: 6, backoff: steps, minimum: 400 };
    const error = await rejection(failAfter(1000, () => retry(attempt, options)));
    expect(begun).toEqual([0, 100, 300]);
    t.expectElapsed(300);
    expect(error).toBe(errors[2]);
  });

  inVirtualTime(
    "the own timeout and a deadline on the wall clock count as an outer one does (VERB-02)",
    async (t) => {
      const limits: ReadonlyArray<() => RetryOptions> = [
        () => ({ timeout: 1000 }),
        () => ({ deadline: t.backend.epoch() + 1000 }),
      ];
      for (const limit of limits) {
        const start = t.elapsed();
        const { errors, attempt } = failing(t);
        const error = await rejection(retry(attempt, { attempts: 6, backoff: steps, ...limit() }));
        expect(error).toBe(errors[3]);
        expect(t.elapsed() - start).toBe(700);
      }
    },
  );

  inVirtualTime(
    "without the time for one attempt none is made, and the error is a timeout (VERB-02)",
    async (t) => {
      const attempt = vi.fn();
      const error = await rejection(failAfter(1000, () => retry(attempt, { minimum: 1001 })));
      expect(error).toBeInstanceOf(TimeoutCancellation);
      expect((error as Error).message).toBe("less than 1 s was left for the first attempt");
      expect(attempt).not.toHaveBeenCalled();
      t.expectElapsed(0);
      await failAfter(1000, () => retry(attempt, { minimum: 1000 }));
      expect(attempt).toHaveBeenCalledTimes(1);
    },
  );

  inVirtualTime("a limit outside a shield is not seen inside (rule 41)", async (t) => {
    const { begun, attempt } = failing(t);
    await rejection(failAfter(150, () => shield(() => retry(attempt, { attempts: 3, backoff: flat(100) }))));
    expect(begun).toEqual([0, 100, 200]);
  });

  inVirtualTime(
    "cancelled in a wait: the scope's error at once, and no rule is asked (VERB-03)",
    async (t) => {
      const { begun, attempt } = failing(t);
      const when = vi.fn(() => true);
      const onRetry = vi.fn();
      const op = new Cancellable();
      const running = op.run(() => retry(attempt, { attempts: 9, backoff: steps, when, onRetry }));
      const ended = rejection(running).then((error) => [error, t.elapsed()]);
      await sleep(150);
      op.cancel();
      expect(await ended).toEqual([op.token.error, 150]);
      expect(begun).toEqual([0, 100]);
      expect([when, onRetry].map(({ mock }) => mock.calls.length)).toEqual([2, 2]);
    },
  );

  inVirtualTime("2,000 retries leave no listener on their signal (VERB-03)", async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    await expectNoLeaks(
      async () => {
        for (let i = 0; i < 2_000; i++) {
          await retry(({ attempt }) => (attempt === 1 ? Promise.reject(i) : i), { signal, backoff: flat(1) });
        }
      },
      { listeners: [signal] },
    );
    expect(added.mock.calls.length).toBe(2_000);
    expect(removed.mock.calls.length).toBe(2_000);
  });

  inVirtualTime("the limit of an attempt ends it, and its clean-up is waited for (VERB-04)", async (t) => {
    const begun: number[] = [];
    const errors: unknown[] = [];
    const error = await rejection(
      retry(
        async () => {
          begun.push(t.elapsed());
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(5));
          }
        },
        { attemptTimeout: 30, backoff: flat(10), onRetry: (failure) => errors.push(failure) },
      ),
    );
    expect(begun).toEqual([0, 45, 90]);
    t.expectElapsed(125);
    for (const each of [...errors, error]) expect(each).toMatchObject({ reason: "timeout", timeoutMs: 30 });
    expect(new Set([...errors, error]).size).toBe(3);
  });

  inVirtualTime("400 failures never exceed the cap nor fall below it (VERB-05)", async () => {
    const cap = 3_600_000;
    const delays: number[] = [];
    await rejection(
      retry(() => Promise.reject(new Error("down")), {
        attempts: 401,
        backoff: { initial: 100, factor: 10, max: { hours: 1 }, jitter: "none" },
        onRetry: (_, { delay }) => delays.push(delay),
      }),
    );
    expect(delays.slice(0, 6)).toEqual([100, 1_000, 10_000, 100_000, 1_000_000, cap]);
    expect(new Set(delays.slice(5))).toEqual(new Set([cap]));
    expect(delays).toHaveLength(400);
  });

  inVirtualTime("the cap holds for the first delay too (VERB-05)", async (t) => {
    const { begun, attempt } = failing(t);
    await rejection(retry(attempt, { backoff: { initial: 500, max: 100, jitter: "none" } }));
    expect(begun).toEqual([0, 100, 200]);
  });

  const jittered = async (seed: number, jitter: "full" | "equal"): Promise<number[]> => {
    const delays: number[] = [];
    const backend = new VirtualBackend({ seed });
    await run(
      () =>
        rejection(
          retry(() => Promise.reject(new Error("down")), {
            attempts: 401,
            backoff: { factor: 10, max: { hours: 1 }, jitter },
            onRetry: (_, { delay }) => delays.push(delay),
          }),
        ),
      { backend },
    );
    return delays;
  };

  inVirtualTime("one seed gives one list of jittered delays within the cap (VERB-05)", async () => {
    const cap = 3_600_000;
    for (const [jitter, least] of [
      ["full", 0],
      ["equal", cap / 2],
    ] as const) {
      const delays = await jittered(1, jitter);
      expect(await jittered(1, jitter)).toEqual(delays);
      expect(await jittered(2, jitter)).not.toEqual(delays);
      expect(delays).toHaveLength(400);
      for (const delay of delays) expect(delay).toBeLessThanOrEqual(cap);
      const atCap = delays.slice(5);
      for (const delay of atCap) expect(delay).toBeGreaterThanOrEqual(least);
      expect(new Set(atCap).size).toBeGreaterThan(390);
      // The jitter covers the whole range.
      expect(Math.min(...atCap)).toBeLessThan(least + (cap - least) / 10);
      expect(Math.max(...atCap)).toBeGreaterThan(cap - (cap - least) / 10);
    }
  });

  inVirtualTime("an hour of attempts begins at exactly the times of the model (VERB-05)", async (t) => {
    const begun: number[] = [];
    const model: number[] = [];
    const work = 7;
    for (let at = 0, delay = 100; at < 3_600_000; at += work + delay, delay = Math.min(delay * 1.5, 250))
      model.push(at);
    const error = await rejection(
      retry(
        async () => {
          begun.push(t.elapsed());
          await sleep(work);
          throw new Error("down");
        },
        {
          timeout: { hours: 1 },
          attempts: Number.POSITIVE_INFINITY,
          backoff: { initial: 100, factor: 1.5, max: 250, jitter: "none" },
        },
      ),
    );
    expect(begun).toEqual(model);
    expect(begun.length).toBeGreaterThan(14_000);
    expect(error).toMatchObject({ message: "down" });
  });

  inVirtualTime(
    "cancelled while when() answers: rejects at once, and the answer is nothing (VERB-36)",
    async (t) => {
      for (const settle of ["resolve", "reject"] as const) {
        const start = t.elapsed();
        const answer = deferred<boolean>();
        const onRetry = vi.fn();
        const attempt = vi.fn(() => Promise.reject(new Error("busy")));
        const scope = new CancelScope();
        const running = scope.run(() =>
          rejection(retry(attempt, { when: () => answer.promise, onRetry })).then((error) => [
            error,
            t.elapsed(),
          ]),
        );
        await sleep(50);
        scope.cancel();
        expect(await running).toEqual([scope.error, start + 50]);
        await sleep(50);
        if (settle === "resolve") answer.resolve(true);
        else answer.reject(new Error("late"));
        await sleep(10);
        expect([attempt.mock.calls.length, onRetry.mock.calls.length]).toEqual([1, 0]);
      }
    },
  );

  inVirtualTime("an asynchronous when() is waited for, and false ends the retry (VERB-36)", async (t) => {
    const begun: number[] = [];
    const error = await rejection(
      retry(
        ({ attempt }) => {
          begun.push(t.elapsed());
          throw new Error(`error ${attempt}`);
        },
        { backoff: flat(10), attempts: 9, when: (_, attempt) => sleep(100).then(() => attempt < 2) },
      ),
    );
    expect(begun).toEqual([0, 110]);
    expect(error).toMatchObject({ message: "error 2" });
    t.expectElapsed(210);
  });

  inVirtualTime("when() that cancels the scope ends the retry without a wait (VERB-36)", async (t) => {
    const onRetry = vi.fn();
    const op = new Cancellable();
    const when = (): boolean => op.cancel();
    const error = await rejection(
      op.run(() => retry(() => Promise.reject(new Error("x")), { when, onRetry })),
    );
    expect([error, onRetry.mock.calls.length]).toEqual([op.token.error, 0]);
    t.expectElapsed(0);
  });

  inVirtualTime(
    "a backoff() that gives no time is refused, and the failure is reported (VERB-36)",
    async (t) => {
      const failure = new Error("busy");
      const call = (delay: unknown) => () =>
        retry(() => Promise.reject(failure), { backoff: () => wrong(delay) });
      await expectRejects("RangeError", [
        [call(Number.NaN), "the result of options.backoff", "a number of milliseconds", "NaN"],
      ]);
      await expectRejects("TypeError", [
        [
          call("soon"),
          "the result of options.backoff",
          "milliseconds, a Duration such as { seconds: 5 }, or null",
          '"soon"',
        ],
      ]);
      expect(t.reported.splice(0)).toEqual([failure, failure]);
    },
  );

  cancelledAtEveryTurn(
    "a caller that is cancelled at any moment leaves nothing behind (VERB-03)",
    () =>
      retry(() => failAfter(5, () => sleepForever().finally(() => shield(() => sleep(2)))), {
        attempts: 2,
        backoff: flat(10),
        attemptTimeout: 50,
        when: () => sleep(3).then(() => true),
      }),
    { times: [0, 5, 7, 10, 20, 25, 27] },
  );
});

inVirtualTime("a shared token limits the time of no attempt (VERB-02)", async (t) => {
  using token = new SharedCancellationToken();
  const { begun, errors, attempt } = failing(t);
  const options = { backoff: { initial: 100, jitter: "none" } } as const;
  const work = () => retry(attempt, { ...options, token, timeout: 250, minimum: 100 });
  expect(await rejection(work())).toBe(errors[1]);
  expect(begun).toEqual([0, 100]);
  const scope = new CancelScope({ token });
  expect(await rejection(scope.run(() => retry(attempt, options)))).toBe(errors[4]);
});

describeEverywhere("retry refuses bad input", (everywhere) => {
  everywhere("before an attempt is made", async () => {
    const attempt = vi.fn();
    const span = "milliseconds, a Duration such as { seconds: 5 }, or null";
    const count = "a whole number of at least 1, or Infinity";
    const factor = "a finite number of at least 1";
    const call = (options: unknown) => () => retry(attempt, wrong(options));
    await expectRejects("TypeError", [
      [() => retry(wrong(5)), "attempt", "a function", "5"],
      [
        () => retry(wrong(Promise.resolve())),
        "attempt",
        "a function, such as () => promise",
        "an instance of Promise",
      ],
      [call(5), "options", "an object", "5"],
      [call({ attempts: "3" }), "options.attempts", "a number", '"3"'],
      [call({ attempts: null }), "options.attempts", "a number", "null"],
      [call({ attemptTimeout: "1s" }), "options.attemptTimeout", span, '"1s"'],
      [call({ minimum: "1s" }), "options.minimum", span, '"1s"'],
      [call({ timeout: "1s" }), "options.timeout", span, '"1s"'],
      [call({ backoff: 5 }), "options.backoff", "an object or a function", "5"],
      [call({ backoff: null }), "options.backoff", "an object or a function", "null"],
      [call({ backoff: { initial: "1s" } }), "options.backoff.initial", span, '"1s"'],
      [call({ backoff: { factor: "2" } }), "options.backoff.factor", "a number", '"2"'],
      [call({ backoff: { jitter: true } }), "options.backoff.jitter", '"full", "equal" or "none"', "true"],
      [
        call({ backoff: { jitter: "some" } }),
        "options.backoff.jitter",
        '"full", "equal" or "none"',
        '"some"',
      ],
      [call({ when: true }), "options.when", "a function", "true"],
      [call({ onRetry: 5 }), "options.onRetry", "a function", "5"],
    ]);
    await expectRejects("RangeError", [
      ...[0, -1, 1.5, Number.NaN].map(
        (bad) => [call({ attempts: bad }), "options.attempts", count, String(bad)] as const,
      ),
      [call({ attemptTimeout: Number.NaN }), "options.attemptTimeout", "a number of milliseconds", "NaN"],
      [call({ minimum: Number.NaN }), "options.minimum", "a number of milliseconds", "NaN"],
      [call({ minimum: null }), "options.minimum", "a finite time span", "null"],
      [call({ backoff: { initial: null } }), "options.backoff.initial", "a finite time span", "null"],
      [call({ backoff: { max: Number.NaN } }), "options.backoff.max", "a number of milliseconds", "NaN"],
      ...[0.5, -1, Number.NaN, Number.POSITIVE_INFINITY].map(
        (bad) => [call({ backoff: { factor: bad } }), "options.backoff.factor", factor, String(bad)] as const,
      ),
    ]);
    expect(await rejection(retry(attempt, wrong({ backoff: { base: 2 } })))).toMatchObject({
      code: "ERR_UNKNOWN_OPTION",
      message: expect.stringMatching(/^options\.backoff\.base is not an option of a backoff/),
    });
    expect(attempt).not.toHaveBeenCalled();
  });

  everywhere(
    "a function that throws at once, undefined or a bad promise counts as a rejection",
    async (t) => {
      const options = { attempts: 2, backoff: { initial: 1 } };
      const failure = new Error("then");
      for (const [attempt, error] of [
        [
          () => {
            throw failure;
          },
          failure,
        ],
        [() => Promise.reject(undefined), undefined],
        [() => ({ then: (_: unknown, no: (e: unknown) => void) => no(failure) }), failure],
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
        const told = vi.fn();
        expect(await rejection(retry<unknown>(attempt, { ...options, onRetry: told }))).toBe(error);
        expect(told).toHaveBeenCalledTimes(1);
      }
      expect(t.reported).toEqual([]);
    },
  );

  everywhere("a span of 0 or less has passed: no delay, and no time for an attempt", async () => {
    const begun: number[] = [];
    const error = await rejection(
      retry(
        async ({ attempt }) => {
          begun.push(attempt);
          await sleep(5);
        },
        { attempts: 2, attemptTimeout: -1, minimum: -1, backoff: { initial: -5, max: -5 } },
      ),
    );
    expect([begun, error]).toMatchObject([[1, 2], { reason: "timeout" }]);
  });
});
