/*
 * One table of behaviours for the retry of this library and for those of other libraries.
 */
import { Cancellable, failAfter, isCancellation, retry, sleep, sleepForever } from "@hother/cancelable";
import { ConstantBackoff, handleAll, retry as retryPolicy, TimeoutStrategy, timeout, wrap } from "cockatiel";
import { describe, expect, test } from "vitest";
import { cancellablePolicy } from "../../src/cockatiel/index.ts";
import { pRetry } from "../../src/p-retry/index.ts";

interface Plan {
  /** The number of calls in all. */
  readonly attempts: number;
  /** The wait between two attempts, in ms. */
  readonly wait: number;
  readonly signal?: AbortSignal;
}

interface Adapter {
  readonly name: string;
  /** The option that decides the number of attempts, and its value for a number of attempts. */
  readonly option: string;
  readonly offset: number;
  run<T>(fn: () => Promise<T>, plan: Plan): Promise<T>;
  /** One attempt with a limit of its own, in ms. */
  limited<T>(fn: () => Promise<T>, limit: number): Promise<T>;
}

const adapters: readonly Adapter[] = [
  {
    name: "retry of the core",
    option: "options.attempts",
    offset: 0,
    run: (fn, { attempts, wait, signal }) =>
      retry(fn, { attempts, backoff: { initial: wait, factor: 1, jitter: "none" }, signal }),
    limited: (fn, attemptTimeout) => retry(fn, { attempts: 1, attemptTimeout }),
  },
  {
    name: "p-retry",
    option: "options.retries",
    offset: -1,
    run: (fn, { attempts, wait, signal }) =>
      pRetry(fn, { retries: attempts - 1, minTimeout: wait, factor: 1, ...(signal && { signal }) }),
    limited: (fn, limit) => pRetry(() => failAfter(limit, fn), { retries: 0 }),
  },
  {
    name: "cockatiel",
    option: "options.maxAttempts",
    offset: -1,
    run: async (fn, { attempts, wait, signal }) =>
      cancellablePolicy(
        retryPolicy(handleAll, { maxAttempts: attempts - 1, backoff: new ConstantBackoff(wait) }),
      ).execute(fn, signal),
    limited: (fn, limit) => cancellablePolicy(timeout(limit, TimeoutStrategy.Cooperative)).execute(fn),
  },
  {
    name: "cockatiel, wrapped with a timeout",
    option: "options.maxAttempts",
    offset: -1,
    run: async (fn, { attempts, wait, signal }) =>
      cancellablePolicy(
        wrap(
          retryPolicy(handleAll, { maxAttempts: attempts - 1, backoff: new ConstantBackoff(wait) }),
          timeout(60_000, TimeoutStrategy.Aggressive),
        ),
      ).execute(fn, signal),
    limited: (fn, limit) =>
      cancellablePolicy(
        wrap(retryPolicy(handleAll, { maxAttempts: 3 }), timeout(limit, TimeoutStrategy.Aggressive)),
      ).execute(fn),
  },
];

const busy = new Error("busy");

describe.each(adapters)("$name", ({ run, limited, option, offset }) => {
  test("calls again until it succeeds, and rejects with the last error itself", async () => {
    let calls = 0;
    const value = await run(
      async () => {
        calls += 1;
        if (calls < 3) throw busy;
        return calls;
      },
      { attempts: 5, wait: 1 },
    );
    expect(value).toBe(3);
    const failing = run(() => Promise.reject(busy), { attempts: 2, wait: 0 });
    expect(await failing.catch((error: unknown) => error)).toBe(busy);
  });

  test("a cancellation in a wait rejects at once with the error of the operation, and nothing is called again (RTY-01)", async () => {
    let calls = 0;
    const op = new Cancellable();
    const ending = op.run(() =>
      run(
        async () => {
          calls += 1;
          throw busy;
        },
        { attempts: 100, wait: 30 },
      ),
    );
    const error = ending.catch((reason: unknown) => reason);
    await sleep(10);
    op.cancel("quota");
    const before = calls;
    expect(await error).toBe(op.error);
    await sleep(100); // the wait would be over
    expect(calls).toBe(before);
  });

  test("a cancellation ends a long wait (RTY-01)", async () => {
    const op = new Cancellable();
    const ending = op.settle(() => run(() => Promise.reject(busy), { attempts: 5, wait: 60_000 }));
    await sleep(20); // the wait has begun
    const start = performance.now();
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    // A machine can stall, so this is not 10 ms.
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test("in a cancelled operation nothing is called (RTY-02)", async () => {
    const op = new Cancellable();
    let calls = 0;
    const error = await op
      .run(async () => {
        op.cancel();
        return run(async () => (calls += 1), { attempts: 3, wait: 1 });
      })
      .catch((reason: unknown) => reason);
    expect(error).toBe(op.error);
    expect(calls).toBe(0);
  });

  test("with an aborted signal nothing is called, and a signal that is aborted later ends the wait (RTY-02)", async () => {
    let calls = 0;
    const failing = async () => {
      calls += 1;
      throw busy;
    };
    const reason = new Error("enough");
    const aborted = run(failing, { attempts: 3, wait: 1, signal: AbortSignal.abort(reason) });
    expect(causes(await aborted.catch((error: unknown) => error))).toContain(reason);
    expect(calls).toBe(0);
    const controller = new AbortController();
    const waiting = run(failing, { attempts: 3, wait: 60_000, signal: controller.signal });
    await sleep(20); // the wait has begun
    controller.abort(reason);
    expect(causes(await waiting.catch((error: unknown) => error))).toContain(reason);
    expect(calls).toBe(1);
  });

  test("a running attempt is cancelled, and its clean-up is awaited", async () => {
    const steps: string[] = [];
    const op = new Cancellable();
    const ending = op.run(() =>
      run(
        async () => {
          try {
            queueMicrotask(() => op.cancel("quota"));
            await sleepForever();
          } finally {
            await op.shield(() => sleep(5));
            steps.push("cleaned up");
          }
        },
        { attempts: 3, wait: 1 },
      ),
    );
    expect(await ending.catch((error: unknown) => error)).toBe(op.error);
    expect(steps).toEqual(["cleaned up"]);
  });

  test("an attempt that ignores the cancellation is awaited, and its value wins", async () => {
    const steps: string[] = [];
    const op = new Cancellable();
    const value = await op.run(async () => {
      const result = await run(
        async () => {
          op.cancel();
          await new Promise((resolve) => setTimeout(resolve, 20)); // foreign work
          steps.push("ended");
          return 7;
        },
        { attempts: 3, wait: 1 },
      );
      steps.push("settled");
      return result;
    });
    expect(value).toBe(7);
    expect(steps).toEqual(["ended", "settled"]);
  });

  test("an attempt that fails with an error of its own after the cancellation is not followed by another one", async () => {
    const op = new Cancellable();
    let calls = 0;
    const outcome = await op.settle(() =>
      run(
        async () => {
          calls += 1;
          op.cancel();
          throw busy;
        },
        { attempts: 3, wait: 1 },
      ),
    );
    expect(outcome).toEqual({ status: "failed", error: busy });
    expect(calls).toBe(1);
  });

  test("a limit inside keeps the reason of a cancellation from outside (RTY-03)", async () => {
    const op = new Cancellable();
    const ending = op.run(() =>
      limited(async () => {
        queueMicrotask(() => op.cancel("quota", "enough"));
        await sleepForever();
      }, 60_000),
    );
    expect(await ending.catch((error: unknown) => error)).toBe(op.error);
    expect(op.error).toMatchObject({ reason: "quota", message: "enough" });
  });

  test("a wait that is longer than the time that is left does not start: the error is the last failure (RTY-04)", async () => {
    let calls = 0;
    const start = performance.now();
    const error = await failAfter(30_000, () =>
      run(
        async () => {
          calls += 1;
          throw busy;
        },
        { attempts: 3, wait: 60_000 },
      ),
    ).catch((reason: unknown) => reason);
    expect(error).toBe(busy);
    expect(calls).toBe(1);
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  test("the deadline ends an attempt, and no other one follows (RTY-04)", async () => {
    let calls = 0;
    const error = await failAfter(20, () =>
      run(
        async () => {
          calls += 1;
          await sleepForever();
        },
        { attempts: 3, wait: 1 },
      ),
    ).catch((reason: unknown) => reason);
    expect(isCancellation(error, { reason: "timeout" })).toBe(true);
    expect(calls).toBeLessThanOrEqual(1); // 0 if the machine stalled for 20 ms
  });

  test.each([0, -1, Number.NaN, 1.5])(
    "refuses %d attempts, before anything is called (RTY-05)",
    async (attempts) => {
      const error = await run(() => expect.unreachable(), { attempts, wait: 1 }).catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({
        code: "ERR_OUT_OF_RANGE",
        message: `${option} must be a whole number of at least ${1 + offset}, or Infinity; got ${attempts + offset}`,
      });
    },
  );

  test("makes one attempt where one is asked for, and Infinity is no limit (RTY-05)", async () => {
    let calls = 0;
    const failing = async () => {
      calls += 1;
      throw busy;
    };
    await run(failing, { attempts: 1, wait: 1 }).catch(() => {});
    expect(calls).toBe(1);
    const op = new Cancellable();
    // A policy that never waits gives the event loop its turns, so that the operation can be cancelled.
    const ending = op.settle(() => run(failing, { attempts: Number.POSITIVE_INFINITY, wait: 0 }));
    await expect.poll(() => calls).toBeGreaterThan(5);
    op.cancel();
    expect((await ending).status).toBe("cancelled");
  });

  test("an operation inside of an attempt that was cancelled by hand is not retried", async () => {
    let calls = 0;
    const error = await run(
      () => {
        calls += 1;
        const inner = new Cancellable();
        return inner.run(() => {
          inner.cancel("superseded");
          return inner.sleep(1);
        });
      },
      { attempts: 3, wait: 1 },
    ).catch((reason: unknown) => reason);
    expect(isCancellation(error, { reason: "superseded" })).toBe(true);
    expect(calls).toBe(1);
  });

  test("a time limit inside of an attempt is retried", async () => {
    let calls = 0;
    const value = await run(
      () => {
        calls += 1;
        return calls === 1 ? failAfter(1, () => sleepForever()) : Promise.resolve(calls);
      },
      { attempts: 3, wait: 1 },
    );
    expect(value).toBe(2);
  });

  test("leaves no listener on the signal", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener: add, removeEventListener: remove } = signal;
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove.apply(signal, args);
    };
    let calls = 0;
    await run(
      async () => {
        calls += 1;
        if (calls < 3) throw busy;
      },
      { attempts: 3, wait: 1, signal },
    );
    expect(listeners).toBe(0);
  });
});

/** An error with its chain of causes. */
function causes(error: unknown): unknown[] {
  const found: unknown[] = [];
  for (let link = error; link instanceof Error; link = link.cause) found.push(link);
  return found;
}
