import { expect, test } from "vitest";
import { Queue, QueueReceiver, QueueSender, setReporter, taskGroup } from "../../src/index.ts";
import { PriorityQueue } from "../../src/sync/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { kept } from "../kept.ts";
import { expectThrows, wrong } from "../refusals.ts";
import { until } from "../until.ts";

interface Job {
  readonly rank: number;
  readonly name: string;
}

const byRank = (a: Job, b: Job): number => a.rank - b.rank;
const ascending = (a: number, b: number): number => a - b;

describeEverywhere("PriorityQueue", (everywhere) => {
  everywhere("items are taken in the order of compare, and equal items in the order of put", async () => {
    const queue = new PriorityQueue<Job>(Number.POSITIVE_INFINITY, { compare: byRank });
    for (const name of ["b1", "a1", "c1", "a2", "b2", "a3"])
      await queue.put({ rank: name.charCodeAt(0), name });
    queue.close();
    const taken: string[] = [];
    for await (const { name } of queue) taken.push(name);
    expect(taken).toEqual(["a1", "a2", "a3", "b1", "b2", "c1"]);
  });

  everywhere(
    "a free place goes to the first waiting put, also when a later one is better (SYNC-23)",
    async () => {
      const queue = new PriorityQueue<number>(1, { compare: ascending });
      await taskGroup(async (group) => {
        await queue.put(5);
        for (const item of [9, 1]) {
          const before = queue.waitingPutters;
          group.startSoon(() => queue.put(item));
          await until(() => queue.waitingPutters === before + 1);
        }
        expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([5, 9, 1]);
      });
    },
  );

  everywhere("the putter that gets the place is ordered by compare (SYNC-23)", async () => {
    const queue = new PriorityQueue<number>(2, { compare: ascending });
    await taskGroup(async (group) => {
      await queue.put(5);
      await queue.put(7);
      group.startSoon(() => queue.put(6));
      await until(() => queue.waitingPutters === 1);
      expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([5, 6, 7]);
    });
  });

  everywhere("a PriorityQueue is a Queue: its ends, done and closeReceiving work", async () => {
    const told: unknown[] = [];
    const queue = new PriorityQueue<number>(5, {
      compare: ascending,
      onUndelivered: (item, why) => told.push(item, why),
    });
    expect(queue).toBeInstanceOf(Queue);
    using sender = new QueueSender(queue);
    const receiver = kept(new QueueReceiver(queue));
    for (const item of [3, 2, 1]) await sender.put(item);
    expect(await receiver.get()).toBe(1);
    queue.done();
    receiver.close();
    expect(told).toEqual([2, "closed", 3, "closed"]);
    await queue.join();
  });

  everywhere("an error of compare rejects the put that waits alone, and frees its place", async () => {
    const failure = new Error("no order");
    const queue = new PriorityQueue<number>(2, {
      compare(a, b) {
        if (a === 9 || b === 9) throw failure;
        return a - b;
      },
    });
    for (const item of [1, 2]) queue.putNowait(item);
    await taskGroup(async (group) => {
      const waiting = group.startSoon(() => rejection(queue.put(9)));
      await until(() => queue.waitingPutters === 1);
      expect(queue.getNowait()).toBe(1);
      expect(await waiting).toBe(failure);
    });
    expect([queue.size, queue.waitingPutters]).toEqual([1, 0]);
    queue.putNowait(3);
    expect([queue.getNowait(), queue.getNowait()]).toEqual([2, 3]);
  });

  everywhere("an error of compare rejects the call that needed it, and changes nothing", async () => {
    const failure = new Error("no order");
    let fails = false;
    const queue = new PriorityQueue<number>(3, {
      compare(a, b) {
        if (fails) throw failure;
        return a - b;
      },
    });
    for (const item of [2, 1, 3]) await queue.put(item);
    await taskGroup(async (group) => {
      group.startSoon(() => queue.put(0));
      await until(() => queue.waitingPutters === 1);
      fails = true;
      expect(await rejection(queue.get())).toBe(failure);
      expect(() => queue.getNowait()).toThrow(failure);
      expect([queue.size, queue.waitingPutters]).toEqual([3, 1]);
      fails = false;
      expect([queue.getNowait(), queue.getNowait(), queue.getNowait()]).toEqual([1, 0, 2]);
    });
    fails = true;
    expect(await rejection(queue.put(9))).toBe(failure);
    expect(() => queue.putNowait(9)).toThrow(failure);
    expect([queue.size, queue.getNowait()]).toEqual([1, 3]);
  });

  everywhere(
    "an error of compare for the item of a waiting put rejects that put, and the next one gets the place",
    async () => {
      const failure = new Error("no order");
      const queue = new PriorityQueue<number>(2, {
        compare(a, b) {
          if (a === 13 || b === 13) throw failure;
          return a - b;
        },
      });
      await queue.put(1);
      await queue.put(2);
      await taskGroup(async (group) => {
        const bad = group.startSoon(() => rejection(queue.put(13)));
        await until(() => queue.waitingPutters === 1);
        const good = group.startSoon(() => queue.put(3));
        await until(() => queue.waitingPutters === 2);
        expect(queue.getNowait()).toBe(1);
        expect(await bad).toBe(failure);
        await good;
      });
      expect([queue.getNowait(), queue.getNowait()]).toEqual([2, 3]);
    },
  );

  everywhere("wrong arguments are refused", async () => {
    expectThrows("TypeError", [
      [() => new PriorityQueue(1, wrong(undefined)), "options.compare", "a function", "undefined"],
      [() => new PriorityQueue(1, wrong({})), "options.compare", "a function", "undefined"],
      [() => new PriorityQueue(1, wrong(3)), "options", "an object", "3"],
      [() => new PriorityQueue(wrong("1"), { compare: ascending }), "capacity", "a number", '"1"'],
    ]);
    for (const result of [true, Number.NaN, undefined]) {
      const queue = new PriorityQueue<number>(2, { compare: () => wrong(result) });
      await queue.put(1);
      expect(await rejection(queue.put(2))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        message: `the result of options.compare must be a number; got ${String(result)}`,
      });
    }
  });

  everywhere("closeReceiving() tells the items in the order of compare", async () => {
    const told: unknown[] = [];
    const jobs = (compare: (a: number, b: number) => number): PriorityQueue<number> =>
      new PriorityQueue(9, { compare, onUndelivered: (item) => told.push(item) });
    const queue = jobs(ascending);
    for (const item of [1, 5, 2, 4, 3]) await queue.put(item);
    queue.closeReceiving();
    expect(told.splice(0)).toEqual([1, 2, 3, 4, 5]);

    const failure = new Error("no order");
    let hasOrder = true;
    const other = jobs(() => {
      if (hasOrder) return 0;
      throw failure;
    });
    for (const item of [1, 2]) await other.put(item);
    hasOrder = false;
    const reported: unknown[] = [];
    const before = setReporter((error) => void reported.push(error));
    try {
      other.closeReceiving();
    } finally {
      setReporter(before);
    }
    expect([told, reported]).toEqual([[1, 2], [failure]]);
  });
});

test("random puts and gets agree with a sorted list", async () => {
  const backend = new VirtualBackend({ seed: 7 });
  const draw = (n: number): number => Math.floor(backend.random() * n);
  for (let program = 0; program < 200; program++) {
    const queue = new PriorityQueue<Job>(Number.POSITIVE_INFINITY, { compare: byRank });
    const model: Job[] = [];
    for (let step = 0; step < 200; step++) {
      if (draw(5) < 3) {
        const job = { rank: draw(6), name: String(step) };
        queue.putNowait(job);
        model.push(job);
        model.sort(byRank); // stable
      } else if (model.length > 0) expect(queue.getNowait()).toBe(model.shift());
    }
    expect(queue.size).toBe(model.length);
  }
});
