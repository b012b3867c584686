import { expect } from "vitest";
import { CancelScope, Queue, QueueClosedError, type QueueOptions, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";
import { until, usage } from "../until.ts";

type Told = [item: number, why: string];

/** A queue that records the calls of `onUndelivered`. */
function recordingQueue(
  capacity: number,
  overflow?: QueueOptions["overflow"],
): { readonly queue: Queue<number>; readonly told: Told[] } {
  const told: Told[] = [];
  const onUndelivered = (item: number, why: string): void => void told.push([item, why]);
  return { queue: new Queue<number>(capacity, { overflow, onUndelivered }), told };
}

function drained(queue: Queue<number>): number[] {
  const items: number[] = [];
  while (queue.size > 0) items.push(queue.getNowait());
  return items;
}

const rules = ["wait", "drop-oldest", "drop-newest", "refuse"] as const;

describeEverywhere("Queue: overflow", (everywhere) => {
  everywhere("drop-oldest keeps the latest items, and tells about the others (SYNC-19)", async () => {
    const { queue, told } = recordingQueue(2, "drop-oldest");
    for (let i = 0; i < 5; i++) await queue.put(i);
    expect(told).toEqual([0, 1, 2].map((item) => [item, "overflow"]));
    expect(drained(queue)).toEqual([3, 4]);
  });

  everywhere("drop-newest keeps the first items, and tells about the others (SYNC-19)", async () => {
    const { queue, told } = recordingQueue(2, "drop-newest");
    for (let i = 0; i < 5; i++) await queue.put(i);
    expect(told).toEqual([2, 3, 4].map((item) => [item, "overflow"]));
    expect(drained(queue)).toEqual([0, 1]);
  });

  everywhere("refuse rejects put() on a full queue, and drops nothing (SYNC-19)", async () => {
    const { queue, told } = recordingQueue(2, "refuse");
    const refused: unknown[] = [];
    for (let i = 0; i < 5; i++) await queue.put(i).catch((error: unknown) => refused.push(error));
    const wouldBlock = expect.objectContaining(usage("ERR_WOULD_BLOCK"));
    expect(refused).toEqual([wouldBlock, wouldBlock, wouldBlock]);
    expect(() => queue.putNowait(5)).toThrow(wouldBlock);
    expect([told, drained(queue)]).toEqual([[], [0, 1]]);
  });

  everywhere("putNowait follows a rule that drops (SYNC-19)", () => {
    for (const [rule, kept] of [
      ["drop-oldest", [1, 2]],
      ["drop-newest", [0, 1]],
    ] as const) {
      const { queue, told } = recordingQueue(2, rule);
      for (let i = 0; i < 3; i++) queue.putNowait(i);
      expect([drained(queue), told.length]).toEqual([kept, 1]);
    }
  });

  everywhere("a waiting get() gets the item under every rule, and nothing is dropped (SYNC-20)", async () => {
    for (const rule of rules) {
      const { queue, told } = recordingQueue(1, rule);
      await taskGroup(async (group) => {
        const getters = [0, 1].map(() => group.startSoon(() => queue.get()));
        await until(() => queue.waitingGetters === 2);
        for (const item of [7, 8, 9]) await queue.put(item);
        expect(await Promise.all(getters)).toEqual([7, 8]);
      });
      expect([told, drained(queue)]).toEqual([[], [9]]);
    }
  });

  everywhere(
    "a get() that was served and then cancelled in one turn still has its item (SYNC-20)",
    async () => {
      const { queue, told } = recordingQueue(1, "drop-oldest");
      const scope = new CancelScope();
      const got: number[] = [];
      await taskGroup(async (group) => {
        group.startSoon(() => scope.run(async () => void got.push(await queue.get())));
        await until(() => queue.waitingGetters === 1);
        for (const item of [1, 2, 3]) queue.putNowait(item);
        scope.cancel();
      });
      expect([got, told, drained(queue)]).toEqual([[1], [[2, "overflow"]], [3]]);
    },
  );

  everywhere(
    "closeReceiving() tells about the items, not about the item of a waiting put() (SYNC-22)",
    async () => {
      const { queue, told } = recordingQueue(2);
      queue.putNowait(1);
      queue.putNowait(2);
      await taskGroup(async (group) => {
        const putter = group.startSoon(() => rejection(queue.put(3)));
        await until(() => queue.waitingPutters === 1);
        queue.closeReceiving();
        expect(told).toEqual([
          [1, "closed"],
          [2, "closed"],
        ]);
        expect(await putter).toBeInstanceOf(QueueClosedError);
      });
      queue.closeReceiving();
      expect(told.length).toBe(2);
    },
  );

  everywhere("onUndelivered may call the queue, and the item is out of it by then (SYNC-22)", async () => {
    const sizes: number[] = [];
    const queue: Queue<number> = new Queue<number>(1, {
      overflow: "drop-oldest",
      onUndelivered(item, why) {
        sizes.push(queue.size);
        if (why === "overflow" && item < 100) expect(queue.getNowait()).toBe(item + 1);
      },
    });
    queue.putNowait(1);
    queue.putNowait(2);
    expect([queue.size, sizes]).toEqual([0, [1]]);
    queue.putNowait(3);
    queue.closeReceiving();
    expect(sizes).toEqual([1, 0]);
  });

  everywhere("an error of onUndelivered goes to the reporter, and put() succeeds", async ({ reported }) => {
    const failures = [new Error("thrown"), new Error("rejected")];
    const queue = new Queue<number>(1, {
      overflow: "drop-newest",
      onUndelivered: (item) => {
        if (item === 1) throw failures[0];
        return Promise.reject(failures[1]);
      },
    });
    for (let i = 0; i < 3; i++) await queue.put(i);
    await until(() => reported.length === 2);
    expect(reported.splice(0)).toEqual(failures);
  });

  everywhere("wrong options are refused", () => {
    const words = '"wait", "drop-oldest", "drop-newest" or "refuse"';
    expectThrows("TypeError", [
      [() => new Queue(1, wrong(2)), "options", "an object", "2"],
      [() => new Queue(1, { overflow: wrong("drop") }), "options.overflow", words, '"drop"'],
      [() => new Queue(1, { overflow: wrong(null) }), "options.overflow", words, "null"],
      [() => new Queue(1, { onUndelivered: wrong(1) }), "options.onUndelivered", "a function", "1"],
    ]);
    for (const rule of ["drop-oldest", "drop-newest"] as const) {
      expectThrows("RangeError", [
        [() => new Queue(0, { overflow: rule }), "capacity", `at least 1 with the rule "${rule}"`, "0"],
      ]);
    }
  });
});
