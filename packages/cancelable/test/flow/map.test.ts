import { expect, vi } from "vitest";
import { CancelScope, Event, map, moveOnAfter, shield, sleep, sleepForever } from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("map", (everywhere) => {
  everywhere("the results are in the order of the items, also for an empty list (CONF-H03)", async () => {
    const ended: number[] = [];
    const done = [new Event(), new Event(), new Event()] as const;
    // Each item waits for the item that ends before it.
    const results = await map([2, undefined, 1] as const, async (before, index) => {
      if (before !== undefined) await done[before].wait();
      ended.push(index);
      done[index]?.set();
      return `${index} after ${before}`;
    });
    expect(results).toEqual(["0 after 2", "1 after undefined", "2 after 1"]);
    expect(ended).toEqual([1, 2, 0]);
    const fn = vi.fn();
    expect(await map([], fn)).toEqual([]);
    expect(fn).not.toHaveBeenCalled();
  });

  everywhere("any iterable and synchronous functions are accepted", async () => {
    const items = new Map([
      ["a", 1],
      ["b", 2],
    ]);
    expect(await map(items, ([key, value]) => key.repeat(value))).toEqual(["a", "bb"]);
  });

  everywhere("no more calls run at once than allowed, and they start in order", async (t) => {
    const started: number[] = [];
    let inside = 0;
    let most = 0;
    await map(
      [0, 1, 2, 3, 4],
      async (item) => {
        started.push(item);
        most = Math.max(most, ++inside);
        await sleep(10);
        inside--;
      },
      { concurrency: 2 },
    );
    expect([most, started]).toEqual([2, [0, 1, 2, 3, 4]]);
    t.expectElapsed(30);
  });

  everywhere("one slow call does not delay the others", async (t) => {
    const results = await map([50, 10, 10, 10, 10], (ms) => sleep(ms).then(() => ms), { concurrency: 2 });
    expect(results).toEqual([50, 10, 10, 10, 10]);
    t.expectElapsed(50);
  });

  everywhere(
    "the first failure cancels the running calls, and no further call starts (CONF-H03)",
    async () => {
      const calls: number[] = [];
      const order: string[] = [];
      const failure = new Error("second item");
      const error = await rejection(
        map(
          [0, 1, 2, 3],
          async (item) => {
            calls.push(item);
            if (item === 1) {
              await sleep(5);
              throw failure;
            }
            try {
              await sleepForever();
            } finally {
              await shield(() => sleep(5));
              order.push("cleaned up");
            }
          },
          { concurrency: 2 },
        ),
      );
      order.push("rejected");
      expect(error).toBe(failure);
      expect(calls).toEqual([0, 1]);
      expect(order).toEqual(["cleaned up", "rejected"]);
    },
  );

  everywhere("a cancellation from outside ends the running calls, and no further call starts", async () => {
    const calls: number[] = [];
    const scope = new CancelScope();
    await scope.run(() =>
      map(
        [0, 1, 2, 3],
        async (item) => {
          calls.push(item);
          if (item === 1) scope.cancel();
          await sleep(1);
        },
        { concurrency: 1 },
      ),
    );
    expect([scope.cancelledCaught, calls]).toEqual([true, [0, 1]]);
  });

  everywhere("arguments are checked before the first call", async () => {
    const fn = vi.fn();
    expect(await rejection(map(42 as never, fn))).toMatchObject({
      name: "TypeError",
      message: expect.stringContaining("items"),
    });
    expect(await rejection(map([1], "fn" as never))).toBeInstanceOf(TypeError);
    expect(await rejection(map([1], fn, { concurrency: 0 }))).toBeInstanceOf(RangeError);
    expect(fn).not.toHaveBeenCalled();
  });
});

describeEverywhere("map: shielded calls with limited concurrency", (everywhere) => {
  everywhere("no further call starts after a failure, while the running calls go on", async () => {
    const failure = new Error("first");
    const called: number[] = [];
    const ended: number[] = [];
    const error = await rejection(
      map(
        [0, 1, 2, 3, 4],
        async (i) => {
          called.push(i);
          // Shielded, so that the worker becomes free after the failure.
          await shield(() => sleep(5 + 10 * i));
          if (i === 0) throw failure;
          ended.push(i);
        },
        { concurrency: 2 },
      ),
    );
    expect(error).toBe(failure);
    expect([called, ended]).toEqual([[0, 1], [1]]);
  });

  everywhere(
    "no further call starts after the timeout, although the running calls ignore the cancellation",
    async (t) => {
      let calls = 0;
      const result = await moveOnAfter(25, () =>
        map(
          Array.from({ length: 50 }),
          async () => {
            calls++;
            await shield(() => sleep(10));
          },
          { concurrency: 1 },
        ),
      );
      expect(result).toBeUndefined();
      if (t.backend instanceof VirtualBackend) {
        expect(calls).toBe(3);
        t.expectElapsed(30);
      } else expect(calls).toBeLessThanOrEqual(3);
    },
  );
});
