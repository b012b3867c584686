import { expect } from "vitest";
import { CancelScope, Event, Queue, select, sleep, taskGroup } from "../../src/index.ts";
import { Barrier, Broadcast, PriorityQueue, RateLimiter } from "../../src/sync/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { until, usage } from "../until.ts";

const ascending = (a: number, b: number): number => a - b;

describeEverywhere("the primitives of /sync as arms of a select", (everywhere) => {
  everywhere("a subscription gives one item, and the others keep theirs", async () => {
    const news = new Broadcast<number>();
    const [one, two] = [news.subscribe(), news.subscribe()];
    await news.publish(1);
    expect(await select({ one, two })).toEqual({ key: "one", value: 1 });
    expect([one.size, two.size]).toEqual([0, 1]);
    await two.get();
    await taskGroup(async (group) => {
      const chosen = group.startSoon(() => select({ two, one }));
      await until(() => one.waiting === 1 && two.waiting === 1);
      news.publishNowait(2);
      // The item goes to the older subscription first.
      expect(await chosen).toEqual({ key: "one", value: 2 });
      expect([one.size, two.size, one.waiting, two.waiting]).toEqual([0, 1, 0, 0]);
    });
  });

  everywhere(
    "two subscriptions without capacity in one select lose no item of a waiting publish",
    async () => {
      const news = new Broadcast<number>();
      const [one, two] = [news.subscribe({ capacity: 0 }), news.subscribe({ capacity: 0 })];
      await taskGroup(async (group) => {
        for (const item of [1, 2]) group.startSoon(() => news.publish(item));
        await until(() => news.waiting === 2);
        expect(await select({ one, two })).toEqual({ key: "one", value: 1 });
        expect([two.size, news.waiting]).toEqual([1, 1]);
        expect(await two.get()).toBe(1);
        expect(await select({ two, one })).toEqual({ key: "one", value: 2 });
        expect([await two.get(), news.waiting]).toEqual([2, 0]);
      });
    },
  );

  everywhere("a subscription without capacity takes from a publish that waits only for it", async () => {
    const news = new Broadcast<number>();
    const [direct, buffered] = [news.subscribe({ capacity: 0 }), news.subscribe()];
    await taskGroup(async (group) => {
      group.startSoon(() => news.publish(1));
      await until(() => news.waiting === 1);
      expect(await select({ idle: new Event(), direct })).toEqual({ key: "direct", value: 1 });
      expect([news.waiting, buffered.size]).toEqual([0, 1]);
    });
  });

  everywhere("a closed subscription and a closed broadcast reject with their errors", async () => {
    const news = new Broadcast<number>();
    const subscription = news.subscribe();
    const other = news.subscribe();
    await taskGroup(async (group) => {
      const waiting = group.startSoon(() => rejection(select({ other, event: new Event() })));
      await until(() => other.waiting === 1);
      news.close();
      expect(await waiting).toMatchObject({ name: "QueueClosedError" });
    });
    subscription.close();
    expect(await rejection(select({ subscription }))).toMatchObject(usage("ERR_CLOSED"));
  });

  everywhere("a priority queue gives its first item, and takes one", async () => {
    const queue = new PriorityQueue<number>(2, { compare: ascending });
    for (const item of [2, 1]) await queue.put(item);
    const got = await select({ put: queue.putting(3), queue });
    expect([got, queue.size]).toEqual([{ key: "queue", value: 1 }, 1]);
    expect(await select({ put: queue.putting(0), queue })).toMatchObject({ key: "put" });
    expect([queue.getNowait(), queue.getNowait()]).toEqual([0, 2]);
  });

  everywhere("putting an item follows the rule of a full queue", async () => {
    const full = (overflow: "wait" | "drop-oldest" | "drop-newest" | "refuse"): Queue<number> => {
      const queue = new Queue<number>(1, { overflow });
      queue.putNowait(1);
      return queue;
    };
    for (const [rule, kept] of [
      ["drop-oldest", 2],
      ["drop-newest", 1],
    ] as const) {
      const queue = full(rule);
      expect(await select({ put: queue.putting(2) })).toMatchObject({ key: "put" });
      expect([queue.getNowait(), queue.size]).toEqual([kept, 0]);
    }
    const [refusing, other] = [full("refuse"), full("wait")];
    expect(await rejection(select({ put: refusing.putting(2), other }))).toMatchObject(
      usage("ERR_WOULD_BLOCK"),
    );
    expect([refusing.size, other.size]).toEqual([1, 1]);
    expect(await select({ other, put: refusing.putting(2) })).toEqual({ key: "other", value: 1 });
  });

  everywhere("a barrier counts the select as a party, until it leaves", async () => {
    const barrier = new Barrier(2);
    const event = new Event();
    await taskGroup(async (group) => {
      const left = group.startSoon(() => select({ barrier, event }));
      await until(() => barrier.waiting === 1);
      event.set();
      expect(await left).toMatchObject({ key: "event" });
      expect(barrier.waiting).toBe(0);
      const party = group.startSoon(() => select({ barrier, never: new Event() }));
      await until(() => barrier.waiting === 1);
      expect(await barrier.wait()).toBe(1);
      expect(await party).toEqual({ key: "barrier", value: 0 });
      const first = group.startSoon(() => barrier.wait());
      await until(() => barrier.waiting === 1);
      expect(await select({ barrier })).toEqual({ key: "barrier", value: 1 });
      expect(await first).toBe(0);
    });
  });

  everywhere("a select that is cancelled stands in no line any more", async () => {
    const news = new Broadcast<number>();
    const arms = {
      direct: news.subscribe({ capacity: 0 }),
      rate: new RateLimiter({ limit: 1, per: { hours: 1 } }),
      barrier: new Barrier(2),
      queue: new PriorityQueue<number>(1, { compare: ascending }),
    };
    arms.rate.acquireNowait();
    const waiting = (): number[] => Object.values(arms).map((arm) => arm.waiting);
    const scope = new CancelScope();
    await taskGroup(async (group) => {
      group.startSoon(() => scope.run(() => select(arms)));
      await until(() => arms.barrier.waiting === 1);
      await sleep(0);
      expect(waiting()).toEqual([1, 1, 1, 1]);
      scope.cancel();
      expect(waiting()).toEqual([0, 0, 0, 0]);
      expect(() => news.publishNowait(1)).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
    });
  });
});

inVirtualTime(
  "a rate limiter serves a select in time, and one that leaves uses no start",
  async ({ elapsed, backend }) => {
    for (const [kind, due] of [
      ["bucket", 50],
      ["window", 100],
    ] as const) {
      const rate = new RateLimiter({ limit: 2, per: 100, kind });
      const event = new Event();
      const begin = elapsed();
      await taskGroup(async (group) => {
        for (let i = 0; i < 2; i++) expect(await select({ rate })).toMatchObject({ key: "rate" });
        const left = group.startSoon(() => select({ rate, event }));
        await sleep(10);
        event.set();
        expect(await left).toMatchObject({ key: "event" });
        expect([rate.waiting, backend]).toMatchObject([0, { timerCount: 0 }]);
        // Both arms are the same limiter: one start is used, and the other place is left.
        const both = group.startSoon(() => select({ one: rate, two: rate }));
        const next = group.startSoon(() => rate.acquire().then(elapsed));
        expect([(await both).key, elapsed() - begin]).toEqual(["one", due]);
        expect((await next) - begin).toBe(100);
      });
      expect([rate.waiting, backend]).toMatchObject([0, { timerCount: 0 }]);
      await sleep(1_000);
    }
  },
);
