import { Cancellable, sleepForever } from "@hother/cancelable";
import { withVirtual } from "@hother/cancelable/testing";
import original from "p-retry";
import { describe, expect, test as plain, vi } from "vitest";
import { AbortError, makeRetriable, pRetry } from "../../src/p-retry/index.ts";

const test = withVirtual(plain);
const busy = new Error("busy");

describe("pRetry()", () => {
  test.each([
    ["p-retry itself", original],
    ["this one", pRetry],
  ])("passes the same to the callbacks as p-retry: %s", async (_name, retry) => {
    const seen: unknown[] = [];
    let calls = 0;
    const value = await retry(
      (attemptNumber) => {
        calls += 1;
        if (calls < 4) throw new Error(`failure ${attemptNumber}`);
        return attemptNumber;
      },
      {
        retries: 5,
        minTimeout: 1,
        onFailedAttempt: ({ error, ...rest }) => void seen.push({ ...rest, message: error.message }),
        shouldConsumeRetry: ({ attemptNumber }) => attemptNumber !== 2,
      },
    );
    expect(value).toBe(4);
    expect(seen).toEqual([
      { message: "failure 1", attemptNumber: 1, retriesLeft: 5, retriesConsumed: 0 },
      { message: "failure 2", attemptNumber: 2, retriesLeft: 4, retriesConsumed: 1 },
      { message: "failure 3", attemptNumber: 3, retriesLeft: 4, retriesConsumed: 1 },
    ]);
  });

  test.each([
    ["p-retry itself", original],
    ["this one", pRetry],
  ])(
    "stops for an AbortError, a TypeError, shouldRetry, and a callback that throws: %s",
    async (_name, retry) => {
      const fn = vi.fn();
      const run = (error: unknown, options: object = {}) => {
        fn.mockReset().mockRejectedValue(error);
        return retry(fn, { minTimeout: 1, ...options }).catch((reason: unknown) => reason);
      };
      expect(await run(new AbortError(busy))).toBe(busy);
      const wrong = new TypeError("x is not a function");
      expect(await run(wrong)).toBe(wrong);
      expect(await run(busy, { shouldRetry: () => false })).toBe(busy);
      const broken = new Error("broken callback");
      expect(
        await run(busy, {
          onFailedAttempt: () => {
            throw broken;
          },
        }),
      ).toBe(broken);
      expect(fn).toHaveBeenCalledTimes(1);
      expect(await run(busy, { retries: 2 })).toBe(busy);
      expect(fn).toHaveBeenCalledTimes(3);
    },
  );

  test.virtual(
    "waits for the delays of p-retry: minTimeout, factor, maxTimeout, randomize",
    async (backend) => {
      const calls: number[] = [];
      const fn = () => {
        calls.push(backend.now());
        return Promise.reject(busy);
      };
      vi.spyOn(Math, "random").mockReturnValue(0.5);
      try {
        await pRetry(fn, { retries: 4, minTimeout: 2, factor: 2, maxTimeout: 9, randomize: true }).catch(
          () => {},
        );
      } finally {
        vi.restoreAllMocks();
      }
      // The waits are 3, 6, 9 and 9 ms.
      expect(calls).toEqual([0, 3, 9, 18, 27]);
    },
  );

  test("begins no wait that is longer than maxRetryTime", async () => {
    const fn = vi.fn().mockRejectedValue(busy);
    const start = performance.now();
    const error = await pRetry(fn, { minTimeout: 60_000, maxRetryTime: 30_000 }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBe(busy);
    expect(fn).toHaveBeenCalledTimes(1);
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  test("tells a cancellation to no callback", async () => {
    const callback = vi.fn(() => true);
    const op = new Cancellable();
    const outcome = await op.settle(() =>
      pRetry(
        () => {
          op.cancel();
          return sleepForever();
        },
        {
          onFailedAttempt: () => void callback(),
          shouldRetry: callback,
          shouldConsumeRetry: callback,
        },
      ),
    );
    expect(outcome.status).toBe("cancelled");
    expect(callback).not.toHaveBeenCalled();
  });

  test("a cancellation during a callback ends the retry after it", async () => {
    const op = new Cancellable();
    const fn = vi.fn().mockRejectedValue(busy);
    const error = await op
      .run(() => pRetry(fn, { minTimeout: 1, onFailedAttempt: () => void op.cancel() }))
      .catch((reason: unknown) => reason);
    expect(error).toBe(op.error);
    expect(fn).toHaveBeenCalledTimes(1);
  });

  test("refuses wrong arguments, before anything is called", async () => {
    const wrong = (value: unknown): never => value as never;
    const refused = async (options: object, message: string) => {
      await expect(pRetry(() => expect.unreachable(), options)).rejects.toThrow(message);
      expect(() => makeRetriable(() => {}, options)).toThrow(message);
    };
    await expect(pRetry(wrong(1))).rejects.toThrow("input must be a function; got 1");
    await refused({ retry: 3 }, "options.retry is not an option of pRetry");
    await refused({ retries: "3" }, "options.retries must be a number");
    await refused({ minTimeout: -1 }, "options.minTimeout must be a finite number of at least 0; got -1");
    await refused({ factor: Number.POSITIVE_INFINITY }, "options.factor must be a finite number");
    await refused({ maxTimeout: Number.NaN }, "options.maxTimeout must be a number of at least 0; got NaN");
    await refused({ maxRetryTime: "1" }, "options.maxRetryTime must be a number");
    await refused({ randomize: 1 }, "options.randomize must be true or false");
    await refused({ shouldRetry: true }, "options.shouldRetry must be a function");
    await refused({ unref: true }, "options.unref must be left out");
    await expect(pRetry(() => expect.unreachable(), { signal: wrong({}) })).rejects.toThrow("options.signal");
  });
});

describe("makeRetriable()", () => {
  test("passes this and the arguments, and every call is in the scope of its caller", async () => {
    let calls = 0;
    const shop = {
      name: "shop",
      load: makeRetriable(
        async function (this: unknown, id: number) {
          calls += 1;
          if (calls === 1) throw busy;
          return [(this as { name: string }).name, id];
        },
        { minTimeout: 1 },
      ),
    };
    expect(await shop.load(7)).toEqual(["shop", 7]);
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      op.cancel();
      return shop.load(8);
    });
    expect(outcome.status).toBe("cancelled");
    expect(calls).toBe(2);
  });
});
