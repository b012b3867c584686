import { expect } from "vitest";
import { CancelScope, failAfter, mapSettled, moveOnAfter, sleep, sleepForever } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("mapSettled", (everywhere) => {
  everywhere("the outcomes are in the order of the items, and a failure stops nothing", async () => {
    const boom = new Error("boom");
    const outcomes = await mapSettled([3, 1, 2], async (n, index) => {
      await sleep(n);
      if (index === 1) throw boom;
      return n;
    });
    expect(outcomes).toEqual([
      { status: "completed", value: 3 },
      { status: "failed", error: boom },
      { status: "completed", value: 2 },
    ]);
    expect(await mapSettled([], () => 1)).toEqual([]);
  });

  everywhere("a limit inside a call is a failure of this call", async () => {
    const outcomes = await mapSettled([1], () => failAfter(1, () => sleepForever()), { concurrency: 1 });
    expect(outcomes).toMatchObject([{ status: "failed", error: { name: "TimeoutError" } }]);
  });

  everywhere("a failing source and a cancellation reject", async () => {
    function* failing(): Generator<number> {
      yield 1;
      throw new Error("source");
    }
    expect(await rejection(mapSettled(failing(), (n) => n))).toMatchObject({ message: "source" });
    expect(await rejection(mapSettled([1], () => sleepForever(), { timeout: 5 }))).toMatchObject({
      name: "TimeoutError",
    });
    const scope = new CancelScope();
    scope.cancel();
    const fn = (): never => expect.fail("it was called");
    expect(await scope.run(() => mapSettled([1], fn))).toBeUndefined();
    expect(await moveOnAfter(1, () => mapSettled([1, 2], () => sleepForever()))).toBeUndefined();
  });

  everywhere("arguments are checked before the first call", async () => {
    const fn = (): never => expect.fail("it was called");
    const wrong = <T>(value: unknown): T => value as T;
    expect(await rejection(mapSettled(wrong<Iterable<number>>(5), fn))).toMatchObject({ name: "TypeError" });
    expect(await rejection(mapSettled([1], wrong(5)))).toMatchObject({ name: "TypeError" });
    for (const concurrency of [0, -1, 1.5, Number.NaN]) {
      expect(await rejection(mapSettled([1], fn, { concurrency }))).toMatchObject({ name: "RangeError" });
    }
  });
});
