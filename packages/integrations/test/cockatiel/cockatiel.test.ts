import {
  Cancellable,
  currentOperation,
  Deferred,
  failAfter,
  isCancellation,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import {
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  ConstantBackoff,
  circuitBreaker,
  fallback,
  handleAll,
  handleType,
  noop,
  retry,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel";
import { describe, expect, test, vi } from "vitest";
import { cancellablePolicy } from "../../src/cockatiel/index.ts";

const busy = new Error("busy");
const failing = (): Promise<never> => Promise.reject(busy);

/** Runs `body` in an operation that is cancelled when `cancel()` of the argument is called. Returns its error. */
async function cancelledIn(body: (op: Cancellable) => Promise<unknown>): Promise<void> {
  const op = new Cancellable();
  const error = await op.run(() => body(op)).catch((reason: unknown) => reason);
  expect(op.isCancelled).toBe(true);
  expect(error).toBe(op.error);
}

describe("a bulkhead", () => {
  test("a queued call leaves the queue when it is cancelled, and gives its place in the queue back", async () => {
    const plain = bulkhead(1, 1);
    const policy = cancellablePolicy(plain);
    const gate = new Deferred<void>();
    const first = policy.execute(() => gate.wait());
    let called = 0;
    for (let i = 0; i < 3; i++) {
      const op = new Cancellable();
      const ending = op.settle(() => policy.execute(async () => (called += 1)));
      await vi.waitFor(() => expect(plain.queueSlots).toBe(0));
      op.cancel("quota");
      expect(await ending).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
      expect(plain.queueSlots).toBe(1);
    }
    const last = policy.execute(async () => "last");
    await expect(policy.execute(async () => "too many")).rejects.toBeInstanceOf(BulkheadRejectedError);
    gate.resolve();
    await first;
    expect(await last).toBe("last");
    expect(called).toBe(0);
    expect(plain.executionSlots).toBe(1);
  });

  test.each([
    { when: "later", isLater: true },
    { when: "at once", isLater: false },
  ])(
    "a call that loses its turn to a new call and is cancelled $when leaves the queue",
    async ({ isLater }) => {
      // Between the turn of a queued call and its start, for a microtask, a new call can take the place.
      for (let moment = 0; moment < 30; moment++) {
        const plain = bulkhead(1, 2);
        const policy = cancellablePolicy(plain);
        const [gate, last] = [new Deferred<void>(), new Deferred<void>()];
        const first = policy.execute(() => gate.wait());
        const op = new Cancellable();
        const second = op.settle(() => policy.execute(() => sleepForever()));
        await vi.waitFor(() => expect(plain.queueSlots).toBe(1));
        gate.resolve();
        for (let step = 0; step < moment; step++) await undefined;
        const third = plain.execute(() => last.wait());
        if (isLater) {
          await first;
          await sleep(0);
        }
        op.cancel();
        expect(await second, `moment ${moment}`).toMatchObject({ status: "cancelled" });
        last.resolve();
        await third;
        await first;
        expect([plain.executionSlots, plain.queueSlots]).toEqual([1, 2]);
      }
    },
  );

  test("a call that was cancelled between its turn and its start hands its turn on", async () => {
    const plain = bulkhead(1, 2);
    const policy = cancellablePolicy(plain);
    const gate = new Deferred<void>();
    const op = new Cancellable();
    const first = policy.execute(() => gate.wait());
    const second = op.settle(() => policy.execute(() => expect.unreachable()));
    const third = policy.execute(async () => "third");
    // The end of the first call takes the second one out of the queue, and starts it a microtask later.
    const dequeue = vi.spyOn(plain as unknown as { dequeue(): void }, "dequeue");
    dequeue.mockImplementationOnce(function (this: { dequeue(): void }) {
      dequeue.mockRestore();
      this.dequeue();
      op.cancel();
    });
    gate.resolve();
    await first;
    expect((await second).status).toBe("cancelled");
    expect(await third).toBe("third");
  });

  test("a call runs in the scope of its caller, although another call has freed the place", async () => {
    const policy = cancellablePolicy(bulkhead(1, 5));
    const names = await Promise.all(
      ["A", "B"].map((name) =>
        new Cancellable({ name }).run(() =>
          policy.execute(async () => {
            await sleep(1);
            return currentOperation()?.name;
          }),
        ),
      ),
    );
    expect(names).toEqual(["A", "B"]);
  });

  test("a cancelled call that runs keeps its place until its clean-up has ended", async () => {
    const policy = cancellablePolicy(bulkhead(1, 1));
    const steps: string[] = [];
    const first = cancelledIn((op) =>
      policy.execute(async () => {
        try {
          op.cancel();
          await sleepForever();
        } finally {
          await op.shield(() => sleep(5));
          steps.push("cleaned up");
        }
      }),
    );
    const second = policy.execute(async () => steps.push("second"));
    await Promise.all([first, second]);
    expect(steps).toEqual(["cleaned up", "second"]);
  });
});

describe("a circuit breaker", () => {
  const create = (halfOpenAfter = 60_000) =>
    circuitBreaker(handleAll, { halfOpenAfter, breaker: new ConsecutiveBreaker(2) });

  test("does not count a cancellation, neither as a failure nor as a success", async () => {
    const breaker = create();
    const policy = cancellablePolicy(breaker);
    await policy.execute(failing).catch(() => {});
    for (let i = 0; i < 5; i++) {
      await cancelledIn((op) =>
        policy.execute(() => {
          op.cancel();
          return sleepForever();
        }),
      );
    }
    expect(breaker.state).toBe(CircuitState.Closed);
    await policy.execute(failing).catch(() => {}); // the second failure in a row
    expect(breaker.state).toBe(CircuitState.Open);
    await expect(policy.execute(failing)).rejects.toMatchObject({ isBrokenCircuitError: true });
  });

  test("counts a failure of its own during a cancellation, and a time limit inside", async () => {
    const breaker = create();
    const policy = cancellablePolicy(breaker);
    const op = new Cancellable();
    await op.settle(() =>
      policy.execute(() => {
        op.cancel();
        return failing();
      }),
    );
    await policy.execute(() => failAfter(1, () => sleepForever())).catch(() => {});
    expect(breaker.state).toBe(CircuitState.Open);
  });

  test("stays open when the call that tests it is cancelled, emits no close, and tests again", async () => {
    const breaker = create(0);
    const policy = cancellablePolicy(breaker);
    for (let i = 0; i < 2; i++) await policy.execute(failing).catch(() => {});
    const states: CircuitState[] = [];
    const onReset = vi.fn();
    breaker.onStateChange((state) => states.push(state));
    breaker.onReset(onReset);
    await cancelledIn((op) =>
      policy.execute(() => {
        op.cancel();
        return sleepForever();
      }),
    );
    expect(states).toEqual([CircuitState.HalfOpen, CircuitState.Open]);
    expect(onReset).not.toHaveBeenCalled();
    expect(await policy.execute(async () => "works")).toBe("works");
    expect(breaker.state).toBe(CircuitState.Closed);
  });

  test("a call that waits for the test of the circuit ends at once", async () => {
    const policy = cancellablePolicy(create(0));
    for (let i = 0; i < 2; i++) await policy.execute(failing).catch(() => {});
    const gate = new Deferred<string>();
    const testing = policy.execute(() => gate.wait());
    const op = new Cancellable();
    const ending = op.settle(() => policy.execute(() => expect.unreachable()));
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    const waiting = policy.execute(async () => "after the test");
    gate.resolve("tested");
    expect([await testing, await waiting]).toEqual(["tested", "after the test"]);
  });
});

describe("a timeout", () => {
  test.each([TimeoutStrategy.Aggressive, TimeoutStrategy.Cooperative])(
    "cancels the attempt with the reason timeout, and awaits it: %s",
    async (strategy) => {
      const steps: string[] = [];
      const error = await cancellablePolicy(timeout(5, strategy))
        .execute(async ({ signal }) => {
          try {
            await sleepForever();
          } finally {
            steps.push(signal.aborted ? "aborted" : "not aborted");
          }
        })
        .catch((reason: unknown) => reason);
      expect(
        strategy === TimeoutStrategy.Aggressive ? error instanceof TaskCancelledError : isCancellation(error),
      ).toBe(true);
      expect(steps).toEqual(["aborted"]);
    },
  );

  test("an attempt that ignores the limit is awaited, too", async () => {
    let isOver = false;
    const error = await cancellablePolicy(timeout(5, TimeoutStrategy.Aggressive))
      .execute(async () => {
        await new Promise((resolve) => setTimeout(resolve, 40));
        isOver = true;
      })
      .catch((reason: unknown) => reason);
    expect(error instanceof TaskCancelledError).toBe(true);
    expect(isOver).toBe(true);
  });

  test("is retried by a retry around it, and ends the waits of a retry inside of it", async () => {
    let calls = 0;
    const around = wrap(retry(handleAll, { maxAttempts: 3 }), timeout(10, TimeoutStrategy.Aggressive));
    const value = await cancellablePolicy(around).execute(async () => {
      calls += 1;
      if (calls === 1) await sleepForever();
      return calls;
    });
    expect(value).toBe(2);
    const inside = wrap(
      timeout(10, TimeoutStrategy.Aggressive),
      retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(60_000) }),
    );
    const error = await cancellablePolicy(inside)
      .execute(failing)
      .catch((reason: unknown) => reason);
    expect(error instanceof TaskCancelledError).toBe(true);
  });

  test("keeps the reason of the operation in every place of a chain (RTY-03)", async () => {
    const limit = () => timeout(60_000, TimeoutStrategy.Aggressive);
    const again = () => retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(1) });
    for (const policy of [
      limit(),
      wrap(limit(), again()),
      wrap(again(), limit()),
      wrap(again(), wrap(limit(), noop), limit()),
      wrap(fallback(handleAll, "nothing"), limit()),
      wrap(limit(), bulkhead(1), again()),
    ]) {
      await cancelledIn((op) =>
        cancellablePolicy(policy).execute(async () => {
          queueMicrotask(() => op.cancel("quota"));
          await sleepForever();
        }),
      );
    }
  });
});

describe("a fallback", () => {
  test("is used for a failure, and not for a cancellation", async () => {
    const used = vi.fn(() => "cached");
    const policy = cancellablePolicy(fallback(handleAll, used));
    expect(await policy.execute(failing)).toBe("cached");
    await cancelledIn((op) =>
      policy.execute(() => {
        op.cancel();
        return sleepForever();
      }),
    );
    expect(used).toHaveBeenCalledTimes(1);
  });
});

test("calls that are cancelled at random moments leave the policies whole, and call nothing afterwards", async () => {
  const plain = bulkhead(3, 1_000);
  const breaker = circuitBreaker(handleAll, { halfOpenAfter: 1, breaker: new ConsecutiveBreaker(3) });
  const policy = cancellablePolicy(
    wrap(
      plain,
      retry(handleAll, { maxAttempts: 20, backoff: new ConstantBackoff(1) }),
      breaker,
      timeout(10_000, TimeoutStrategy.Aggressive),
    ),
  );
  let [running, most, late] = [0, 0, 0];
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const op = new Cancellable();
      const ending = op.settle(() =>
        policy.execute(async () => {
          if (op.isCancelled) late += 1;
          most = Math.max(most, ++running);
          try {
            await sleep(index % 3);
            if (index % 4 === 0) throw busy;
            return index;
          } finally {
            running -= 1;
          }
        }),
      );
      if (index % 2 === 0) {
        await sleep((index * 7) % 40);
        op.cancel("quota");
      }
      const outcome = await ending;
      // Own failures end the calls that were not cancelled: after 20 retries, or by the open circuit.
      if (outcome.status === "cancelled") expect(outcome.error).toBe(op.error);
      return outcome.status;
    }),
  );
  expect([running, late, plain.executionSlots, plain.queueSlots]).toEqual([0, 0, 3, 1_000]);
  expect(most).toBeLessThanOrEqual(3);
  expect(outcomes).toContain("cancelled");
  expect(outcomes).toContain("completed");
});

describe("cancellablePolicy()", () => {
  test("keeps the events and the context of the policies", async () => {
    const again = retry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(3) });
    const delays: unknown[] = [];
    const gaveUp = vi.fn();
    again.onRetry(({ delay, attempt }) => delays.push({ delay, attempt }));
    again.onGiveUp(gaveUp);
    const attempts: number[] = [];
    const policy = cancellablePolicy(again);
    const onFailure = vi.fn();
    policy.onFailure(onFailure);
    await policy
      .execute(({ attempt, signal }) => {
        attempts.push(attempt);
        expect(signal.aborted).toBe(false);
        return failing();
      })
      .catch(() => {});
    expect(attempts).toEqual([0, 1, 2]);
    expect(delays).toEqual([
      { delay: 3, attempt: 1 },
      { delay: 3, attempt: 2 },
    ]);
    expect(gaveUp).toHaveBeenCalledTimes(1);
    expect(onFailure).toHaveBeenCalledTimes(3);
  });

  test("retries only the errors and the values that the policy handles", async () => {
    class Busy extends Error {}
    let calls = 0;
    const policy = cancellablePolicy(
      retry(
        handleType(Busy).orWhenResult((value) => value === 0),
        { maxAttempts: 5 },
      ),
    );
    const value = await policy.execute(async () => {
      calls += 1;
      if (calls === 1) throw new Busy();
      return calls === 2 ? 0 : calls;
    });
    expect(value).toBe(3);
    await expect(policy.execute(failing)).rejects.toBe(busy);
  });

  test("gives a function that takes a signal one that is aborted with the operation", async () => {
    await cancelledIn((op) =>
      cancellablePolicy(retry(handleAll, { maxAttempts: 3 })).execute(
        ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
            op.cancel();
          }),
      ),
    );
  });

  test("works outside of every operation, and keeps the type of the policy", async () => {
    const policy = cancellablePolicy(wrap(retry(handleAll, { maxAttempts: 1 }), bulkhead(2)));
    const value: number = await policy.execute(({ attempt }) => attempt + 7);
    expect(value).toBe(7);
    expect(cancellablePolicy(bulkhead(3)).executionSlots).toBe(3);
  });

  test("refuses wrong arguments", async () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => cancellablePolicy(wrong({}))).toThrow("policy must be a policy of cockatiel; got {}");
    const policy = cancellablePolicy(noop);
    expect(() => cancellablePolicy(policy)).toThrow("that cancellablePolicy has not returned");
    expect(() => policy.execute(wrong(1))).toThrow("fn must be a function; got 1");
    expect(() => cancellablePolicy(wrap(noop, retry(handleAll, { maxAttempts: -1 })))).toThrow(
      "options.maxAttempts must be a whole number of at least 0, or Infinity; got -1",
    );
    expect(() => cancellablePolicy(retry(handleAll, { maxAttempts: 1 }).dangerouslyUnref())).toThrow(
      "without dangerouslyUnref()",
    );
    await expect(policy.execute(failing, wrong({}))).rejects.toThrow("options.signal");
  });
});
