import { expect } from "vitest";
import { CancelScope, checkpoint, moveOnAfter, Queue, type Task, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until, usage } from "../until.ts";

describeEverywhere("Queue: order and backpressure", (everywhere) => {
  everywhere("items come out in order, from the buffer and from waiting putters (CONF-N05)", async () => {
    const queue = new Queue<number>(2);
    await taskGroup(async (group) => {
      for (let i = 0; i < 5; i++) group.startSoon(() => queue.put(i));
      await until(() => queue.waitingPutters === 3);
      expect(queue.size).toBe(2);
      const got: number[] = [];
      for (let i = 0; i < 5; i++) got.push(await queue.get());
      expect(got).toEqual([0, 1, 2, 3, 4]);
    });
    expect([queue.size, queue.waitingPutters, queue.waitingGetters]).toEqual([0, 0, 0]);
  });

  everywhere(
    "getters are served in order of arrival, and each item goes to one of them (CONF-N07)",
    async () => {
      const queue = new Queue<string>();
      const got: string[] = [];
      await taskGroup(async (group) => {
        for (let i = 0; i < 3; i++) group.startSoon(async () => void got.push(`${i}: ${await queue.get()}`));
        await until(() => queue.waitingGetters === 3);
        for (const item of ["a", "b", "c", "d"]) queue.putNowait(item);
      });
      expect(got).toEqual(["0: a", "1: b", "2: c"]);
      expect(queue.getNowait()).toBe("d");
    },
  );

  everywhere("putNowait refuses a full queue, and getNowait an empty one (CONF-N03)", () => {
    const queue = new Queue<number>(1);
    expect(() => queue.getNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
    queue.putNowait(1);
    expect(() => queue.putNowait(2)).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
    expect([queue.getNowait(), queue.size]).toEqual([1, 0]);
  });

  everywhere("getNowait on a full queue admits the first putter at once (CONF-N04)", async () => {
    const queue = new Queue<number>(1);
    queue.putNowait(1);
    await taskGroup(async (group) => {
      for (const item of [2, 3]) group.startSoon(() => queue.put(item));
      await until(() => queue.waitingPutters === 2);
      expect(queue.getNowait()).toBe(1);
      expect([queue.size, queue.waitingPutters]).toEqual([1, 1]);
      expect(() => queue.putNowait(4)).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
      expect([queue.getNowait(), queue.getNowait()]).toEqual([2, 3]);
    });
  });

  everywhere("an item that is put while a getter waits belongs to that getter (CONF-N06)", async () => {
    const queue = new Queue<string>();
    await taskGroup(async (group) => {
      const getter = group.startSoon(() => queue.get());
      await until(() => queue.waitingGetters === 1);
      queue.putNowait("mine");
      expect(() => queue.getNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
      expect(await getter).toBe("mine");
    });
  });

  everywhere("an unbounded queue never blocks and keeps the order of many items (CONF-N20)", () => {
    const queue = new Queue<number>();
    const got: number[] = [];
    for (let i = 0; i < 5_000; i++) queue.putNowait(i);
    for (let i = 0; i < 3_000; i++) got.push(queue.getNowait());
    for (let i = 5_000; i < 6_000; i++) queue.putNowait(i);
    expect(queue.size).toBe(3_000);
    while (queue.size > 0) got.push(queue.getNowait());
    expect(got).toEqual(Array.from({ length: 6_000 }, (_, i) => i));
  });

  everywhere("undefined and other empty values are items", async () => {
    const queue = new Queue<unknown>(1);
    for (const item of [undefined, null, 0, "", false]) {
      await queue.put(item);
      expect(await queue.get()).toBe(item);
    }
  });

  everywhere("the capacity is a whole number of at least 0, or Infinity (CONF-N01)", () => {
    for (const capacity of [-1, 0.5, Number.NaN]) expect(() => new Queue(capacity)).toThrow(RangeError);
    expect(() => new Queue("3" as never)).toThrow(TypeError);
    expect([new Queue().capacity, new Queue(3).capacity]).toEqual([Number.POSITIVE_INFINITY, 3]);
  });
});

describeEverywhere("Queue: a rendezvous, capacity 0 (CONF-N02)", (everywhere) => {
  everywhere("put() waits for its get(), and the Nowait forms need a waiting partner", async () => {
    const queue = new Queue<string>(0);
    const order: string[] = [];
    expect(() => queue.putNowait("x")).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
    await taskGroup(async (group) => {
      group.startSoon(async () => {
        await queue.put("a");
        order.push("put returned");
      });
      await until(() => queue.waitingPutters === 1);
      expect([queue.size, order]).toEqual([0, []]);
      expect(queue.getNowait()).toBe("a");
      const getter = group.startSoon(() => queue.get());
      await until(() => queue.waitingGetters === 1);
      queue.putNowait("b");
      expect(await getter).toBe("b");
    });
    expect(order).toEqual(["put returned"]);
    expect(() => queue.getNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
  });

  everywhere("a producer is never ahead of its consumer", async () => {
    const queue = new Queue<number>(0);
    let produced = 0;
    const seen: number[] = [];
    await taskGroup(async (group) => {
      group.startSoon(async () => {
        for (; produced < 4; produced++) await queue.put(produced);
        queue.close();
      });
      for await (const item of queue) {
        seen.push(item);
        expect(produced - item).toBeLessThanOrEqual(1);
      }
    });
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  everywhere("putters are served in order of arrival, without cancelled putters", async () => {
    const queue = new Queue<number>(0);
    await taskGroup(async (group) => {
      const tasks = [1, 2, 3].map((item) => group.startSoon(() => queue.put(item)));
      await until(() => queue.waitingPutters === 3);
      tasks[1]?.cancel();
      expect([await queue.get(), await queue.get()]).toEqual([1, 3]);
      expect(queue.waitingPutters).toBe(0);
    });
  });
});

describeEverywhere("Queue: a cancelled wait loses no item", (everywhere) => {
  everywhere("cancelled waiters leave no trace, and the others keep their places (CONF-N15)", async () => {
    const queue = new Queue<string>();
    const got: string[] = [];
    await taskGroup(async (group) => {
      const tasks: Task<void>[] = [];
      for (let i = 0; i < 4; i++) {
        tasks.push(group.startSoon(async () => void got.push(`${i}: ${await queue.get()}`)));
      }
      await until(() => queue.waitingGetters === 4);
      tasks[0]?.cancel();
      tasks[2]?.cancel();
      expect(queue.waitingGetters).toBe(2);
      for (const item of ["a", "b", "c"]) queue.putNowait(item);
    });
    expect(got).toEqual(["1: a", "3: b"]);
    expect(queue.size).toBe(1);
  });

  everywhere("a put() that is cancelled after its item was taken has put the item", async () => {
    const queue = new Queue<string>(0);
    await taskGroup(async (group) => {
      const putter = group.startSoon(() => queue.put("item"));
      await until(() => queue.waitingPutters === 1);
      expect(queue.getNowait()).toBe("item");
      putter.cancel();
      await putter.wait();
      expect(putter.status).toBe("completed");
    });
  });

  everywhere("in a cancelled scope nothing is put and nothing is taken (CONF-N16)", async () => {
    const queue = new Queue<number>(2);
    queue.putNowait(1);
    await moveOnAfter(null, async (scope) => {
      scope.cancel();
      expect(await rejection(queue.put(2))).toBe(scope.error);
      expect(await rejection(queue.get())).toBe(scope.error);
    });
    expect([queue.size, queue.getNowait()]).toEqual([1, 1]);
  });
});

describeEverywhere("Queue: facts", (everywhere) => {
  everywhere("the number of items and the waiters of both ends are visible (CONF-N21)", async () => {
    const queue = new Queue<number>(2);
    const facts = (): unknown[] => [queue.size, queue.waitingPutters, queue.waitingGetters, queue.isClosed];
    expect([queue.capacity, ...facts()]).toEqual([2, 0, 0, 0, false]);
    queue.putNowait(1);
    queue.putNowait(2);
    await taskGroup(async (group) => {
      const dying = group.startSoon(() => queue.put(3));
      group.startSoon(() => queue.put(4));
      await until(() => queue.waitingPutters === 2);
      expect(facts()).toEqual([2, 2, 0, false]);
      dying.cancel();
      expect(facts()).toEqual([2, 1, 0, false]);
      expect([queue.getNowait(), ...facts()]).toEqual([1, 2, 0, 0, false]);
      expect([queue.getNowait(), queue.getNowait(), ...facts()]).toEqual([2, 4, 0, 0, 0, false]);
      expect(() => queue.getNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
      const scope = new CancelScope();
      group.startSoon(() => scope.run(() => queue.get()));
      group.startSoon(() => queue.get());
      await until(() => queue.waitingGetters === 2);
      scope.cancel();
      expect(facts()).toEqual([0, 0, 1, false]);
      queue.putNowait(5);
    });
    queue.close();
    expect(facts()).toEqual([0, 0, 0, true]);
  });

  everywhere("the readers end when the last of many producers has ended (CONF-N23)", async () => {
    const queue = new Queue<string>(0);
    const got: string[] = [];
    await taskGroup(async (group) => {
      group.startSoon(async () => {
        using _closing = queue;
        await taskGroup((producers) => {
          for (const name of ["a", "b", "c"]) {
            producers.startSoon(async () => {
              for (let i = 0; i < 3; i++) {
                await queue.put(`${name}${i}`);
                await checkpoint();
              }
            });
          }
        });
      });
      for await (const item of queue) got.push(item);
      expect(queue.isClosed).toBe(true);
    });
    expect(got.sort()).toEqual(["a0", "a1", "a2", "b0", "b1", "b2", "c0", "c1", "c2"]);
  });
});
