import {
  Cancellable,
  cancellationOf,
  currentDeadline,
  currentOperation,
  Deferred,
  failAfter,
  getBackend,
  isCancellation,
  shield,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import { describe, expect, test } from "vitest";
import { CancellableDataLoader } from "../../src/dataloader/index.ts";

const row = (key: number): string => `row ${key}`;

/** A loader that remembers its batches. */
function loaderWith(query: (keys: readonly number[]) => Promise<unknown> = async () => {}, options = {}) {
  const batches: number[][] = [];
  const loader = new CancellableDataLoader<number, string>(async (keys) => {
    batches.push([...keys]);
    await query(keys);
    return keys.map(row);
  }, options);
  return { loader, batches };
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(1);
};

describe("a batch", () => {
  test("goes on for the other callers when the first one has left", async () => {
    let cancelled = false;
    const hasLeft = new Deferred<void>();
    const { loader, batches } = loaderWith(async () => {
      try {
        await hasLeft.promise;
        await sleep(1);
      } catch (error) {
        cancelled = true;
        throw error;
      }
    });
    const leaving = new Cancellable();
    const first = leaving.settle(() => loader.load(1)).finally(() => hasLeft.resolve());
    const second = new Cancellable().run(() => loader.load(2));
    const third = new Cancellable().run(() => loader.load(1));
    await until(() => batches.length === 1);
    leaving.cancel();
    expect((await first).status).toBe("cancelled");
    expect(await Promise.all([second, third])).toEqual(["row 2", "row 1"]);
    expect([batches, cancelled]).toEqual([[[1, 2]], false]);
  });

  test("is cancelled when its last caller has left, and its keys can be loaded again", async () => {
    const errors: unknown[] = [];
    let isFirst = true;
    const { loader, batches } = loaderWith(async () => {
      if (!isFirst) return;
      isFirst = false;
      try {
        await sleepForever();
      } catch (error) {
        errors.push(error);
        await shield(() => sleep(10));
        throw error;
      }
    });
    const ops = [new Cancellable(), new Cancellable()];
    const ends = ops.map((op, i) => op.settle(() => loader.load(i)));
    await until(() => batches.length === 1);
    ops[0]?.cancel("disconnect");
    expect(await ends[0]).toMatchObject({ status: "cancelled", error: { reason: "disconnect" } });
    expect(errors).toEqual([]);
    ops[1]?.cancel("disconnect");
    expect((await ends[1])?.status).toBe("cancelled");
    // The batch still cleans up.
    expect(await loader.load(0)).toBe("row 0");
    expect(batches).toEqual([[0, 1], [0]]);
    expect(errors).toMatchObject([{ reason: "disconnect" }]);
  });

  test("that all callers have left before it was sent does not call the batch function, and a caller of the same turn does", async () => {
    const { loader, batches } = loaderWith();
    const op = new Cancellable();
    const ending = op.settle(() => loader.load(1));
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    await sleep(5);
    expect(batches).toEqual([]);
    expect(await loader.load(1)).toBe("row 1");
    const again = new Cancellable();
    const left = again.settle(() => loader.load(2));
    const stayed = loader.load(2);
    again.cancel();
    expect((await left).status).toBe("cancelled");
    expect(await stayed).toBe("row 2");
    expect(batches).toEqual([[1], [2]]);
  });

  test("has the latest deadline of its callers, and runs below none of them", async () => {
    const seen: unknown[] = [];
    const { loader } = loaderWith(async () => {
      seen.push(currentDeadline() - getBackend().now(), currentOperation());
    });
    const now = getBackend().now();
    await new Cancellable({ name: "request" }).run(() =>
      Promise.all([
        failAfter({ seconds: 10 }, () => loader.load(1)),
        failAfter({ seconds: 60 }, () => loader.load(2)),
      ]),
    );
    const [left, operation] = seen as [number, unknown];
    const passed = getBackend().now() - now;
    expect(left).toBeGreaterThan(60_000 - passed - 1);
    expect(left).toBeLessThanOrEqual(60_000);
    expect(operation).toBe(undefined);
  });

  test("that takes too long for all callers rejects each with its own timeout", async () => {
    const { loader } = loaderWith(() => sleepForever());
    const ends = await Promise.all(
      [10, 20].map((ms) => failAfter(ms, () => loader.load(ms)).catch((error: unknown) => error)),
    );
    expect(ends.map((error) => isCancellation(error, { reason: "timeout" }))).toEqual([true, true]);
    expect(ends.map((error) => (error as { timeoutMs?: number }).timeoutMs)).toEqual([10, 20]);
  });

  test("that loads a key of its own is refused, because it would wait for itself", async () => {
    const loader: CancellableDataLoader<number, string> = new CancellableDataLoader(async (keys) => {
      await loader.load(1);
      return keys.map(row);
    });
    await expect(loader.load(1)).rejects.toMatchObject({ code: "ERR_WAITS_FOR_ITSELF" });
  });
});

describe("a loader", () => {
  test("batches, caches, primes and clears as DataLoader does", async () => {
    const { loader, batches } = loaderWith(undefined, { maxBatchSize: 2, name: "rows" });
    expect(await Promise.all([1, 2, 3, 1].map((key) => loader.load(key)))).toEqual([
      "row 1",
      "row 2",
      "row 3",
      "row 1",
    ]);
    expect(batches).toEqual([[1, 2], [3]]);
    expect(await loader.load(2)).toBe("row 2");
    loader.clear(2).prime(4, "primed");
    expect(await loader.loadMany([2, 4])).toEqual(["row 2", "primed"]);
    loader.clearAll();
    expect(await loader.load(4)).toBe("row 4");
    expect(batches).toEqual([[1, 2], [3], [2], [4]]);
    expect(loader.name).toBe("rows");
  });

  test("uses the key function, the cache and the schedule of the options, and works without a cache", async () => {
    const cache = new Map<string, Promise<string>>();
    const keys: string[][] = [];
    let scheduled = 0;
    const loader = new CancellableDataLoader<{ id: string }, string, string>(
      async (batch) => {
        keys.push(batch.map(({ id }) => id));
        return batch.map(({ id }) => `value of ${id}`);
      },
      {
        cacheKeyFn: ({ id }) => id,
        cacheMap: cache,
        batchScheduleFn: (dispatch) => {
          scheduled++;
          setTimeout(dispatch, 5);
        },
      },
    );
    expect(await Promise.all([loader.load({ id: "a" }), loader.load({ id: "a" })])).toEqual([
      "value of a",
      "value of a",
    ]);
    expect([keys, scheduled, [...cache.keys()]]).toEqual([[["a"]], 1, ["a"]]);
    const { loader: plain, batches } = loaderWith(undefined, { cache: false });
    expect(await Promise.all([plain.load(1), plain.load(1)])).toEqual(["row 1", "row 1"]);
    expect(batches).toEqual([[1, 1]]);
  });

  test("gives out failures of the batch and of single keys, and does not keep failed batches", async () => {
    let isBroken = true;
    const loader = new CancellableDataLoader<number, string>(async (keys) => {
      if (isBroken) throw new Error("no database");
      return keys.map((key) => (key === 2 ? new Error("no row 2") : row(key)));
    });
    await expect(loader.load(1)).rejects.toThrow("no database");
    isBroken = false;
    expect(await loader.loadMany([1, 2])).toMatchObject(["row 1", { message: "no row 2" }]);
  });

  test("throws a cancellation of the caller out of loadMany, and calls nothing in a cancelled scope", async () => {
    const { loader, batches } = loaderWith(() => sleepForever());
    const op = new Cancellable();
    const ending = op.settle(() => loader.loadMany([1, 2]));
    await until(() => batches.length === 1);
    op.cancel("quota");
    expect(await ending).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
    const late = new Cancellable();
    let error: unknown;
    await late.settle(async () => {
      late.cancel();
      error = await loader.load(5).catch((reason: unknown) => reason);
    });
    expect(cancellationOf(error)).toBe(late.error);
    expect(batches).toHaveLength(1);
  });

  test("refuses what DataLoader refuses", async () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => new CancellableDataLoader(wrong(1))).toThrow(
      "DataLoader must be constructed with a function",
    );
    expect(() => new CancellableDataLoader(async () => [], { maxBatchSize: 0 })).toThrow("maxBatchSize");
    expect(() => new CancellableDataLoader(async () => [], { cacheMap: wrong({}) })).toThrow(
      "Custom cacheMap missing methods",
    );
    await expect(loaderWith().loader.load(wrong(null))).rejects.toThrow("must be called with a value");
  });
});
