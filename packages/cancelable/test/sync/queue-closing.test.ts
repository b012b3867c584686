import { expect } from "vitest";
import { moveOnAfter, Queue, QueueClosedError, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until } from "../until.ts";

describeEverywhere("Queue: closing", (everywhere) => {
  everywhere(
    "after close() by the sender the remaining items can be taken, and then get() rejects (CONF-N08)",
    async () => {
      const queue = new Queue<number>();
      queue.putNowait(1);
      queue.putNowait(2);
      queue.close();
      expect(queue.isClosed).toBe(true);
      expect([await queue.get(), queue.getNowait()]).toEqual([1, 2]);
      expect(await rejection(queue.get())).toMatchObject({ code: "ERR_CLOSED", by: "sender" });
      expect(() => queue.getNowait()).toThrow(QueueClosedError);
      expect(await rejection(queue.put(3))).toBeInstanceOf(QueueClosedError);
      expect(() => queue.putNowait(3)).toThrow(QueueClosedError);
    },
  );

  everywhere("close() by the sender rejects waiting getters (CONF-N09)", async () => {
    const queue = new Queue<number>();
    await taskGroup(async (group) => {
      const getters = [0, 1].map(() => group.startSoon(() => rejection(queue.get())));
      await until(() => queue.waitingGetters === 2);
      queue.close();
      for (const getter of getters) expect(await getter).toMatchObject({ by: "sender" });
    });
  });

  everywhere(
    "close() by the sender rejects waiting putters, and their items are not in the queue (CONF-N11)",
    async () => {
      const queue = new Queue<number>(1);
      queue.putNowait(1);
      await taskGroup(async (group) => {
        const putter = group.startSoon(() => rejection(queue.put(2)));
        await until(() => queue.waitingPutters === 1);
        queue.close();
        expect(await putter).toBeInstanceOf(QueueClosedError);
      });
      expect(queue.getNowait()).toBe(1);
      expect(() => queue.getNowait()).toThrow(QueueClosedError);
    },
  );

  everywhere(
    "close() by the receiver rejects put(), also a waiting one, and drops the items (CONF-N10)",
    async () => {
      const queue = new Queue<number>(1);
      queue.putNowait(0);
      await taskGroup(async (group) => {
        const putter = group.startSoon(() => rejection(queue.put(0)));
        await until(() => queue.waitingPutters === 1);
        queue.closeReceiving();
        expect(await putter).toMatchObject({ code: "ERR_CLOSED", by: "receiver" });
      });
      expect(await rejection(queue.put(1))).toMatchObject({ by: "receiver" });
      expect(() => queue.putNowait(1)).toThrow(QueueClosedError);
      expect(await rejection(queue.get())).toMatchObject({ by: "receiver" });
      expect([queue.size, queue.waitingPutters]).toEqual([0, 0]);
    },
  );

  everywhere("close() by the receiver rejects waiting getters, and iteration throws", async () => {
    const queue = new Queue<number>();
    await taskGroup(async (group) => {
      const getter = group.startSoon(() => rejection(queue.get()));
      const reader = group.startSoon(async () => {
        const seen: number[] = [];
        const error = await rejection(
          (async () => {
            for await (const item of queue) seen.push(item);
          })(),
        );
        return { seen, error };
      });
      await until(() => queue.waitingGetters === 2);
      queue.closeReceiving();
      expect(await getter).toMatchObject({ by: "receiver" });
      expect(await reader).toMatchObject({ seen: [], error: { by: "receiver" } });
    });
  });

  everywhere("a second close() does nothing, and disposing closes the sending end (CONF-N12)", async () => {
    const queue = new Queue<number>();
    {
      using sender = queue;
      sender.putNowait(1);
    }
    queue.close();
    expect(await queue.get()).toBe(1);
    queue.closeReceiving();
    queue.closeReceiving();
    queue.close();
    expect(await rejection(queue.get())).toMatchObject({ by: "receiver" });
  });

  everywhere("a getter that closes right after the hand-over still has its item (CONF-N19)", async () => {
    const queue = new Queue<string>(0);
    await taskGroup(async (group) => {
      const getter = group.startSoon(() => queue.get());
      await until(() => queue.waitingGetters === 1);
      const put = queue.put("item");
      queue.closeReceiving();
      await put;
      expect(await getter).toBe("item");
    });
  });
});

describeEverywhere("Queue: iteration", (everywhere) => {
  everywhere("the loop ends when the queue is closed and empty, also at once (CONF-N08)", async () => {
    const queue = new Queue<number>();
    for (const item of [1, 2, 3]) queue.putNowait(item);
    queue.close();
    const seen: number[] = [];
    for await (const item of queue) seen.push(item);
    for await (const item of queue) seen.push(item);
    expect(seen).toEqual([1, 2, 3]);
  });

  everywhere("readers share the items, and a reader that leaves early leaves the rest", async () => {
    const queue = new Queue<number>();
    for (let i = 0; i < 6; i++) queue.putNowait(i);
    queue.close();
    for await (const item of queue) {
      expect(item).toBe(0);
      break;
    }
    const seen: number[][] = [[], []];
    await taskGroup((group) => {
      for (const mine of seen) {
        group.startSoon(async () => {
          for await (const item of queue) mine.push(item);
        });
      }
    });
    expect(seen.every((mine) => mine.length > 0)).toBe(true);
    expect(seen.flat().sort()).toEqual([1, 2, 3, 4, 5]);
  });

  everywhere("every round is a checkpoint, with and without items in the queue (CONF-A07)", async () => {
    const queue = new Queue<number>();
    for (let i = 0; i < 3; i++) queue.putNowait(i);
    const seen: number[] = [];
    await moveOnAfter(null, async (scope) => {
      for await (const item of queue) {
        seen.push(item);
        if (item === 1) scope.cancel();
      }
    });
    expect([seen, queue.size]).toEqual([[0, 1], 1]);
    queue.getNowait();
    expect(await moveOnAfter(5, () => queue[Symbol.asyncIterator]().next())).toBeUndefined();
    expect(queue.waitingGetters).toBe(0);
  });
});
