// Types of the primitives of /sync: the values of waits, and refused options.
import { type Lease, Lock, Queue, Semaphore, select } from "@hother/cancelable";
import {
  Barrier,
  Broadcast,
  Keyed,
  PriorityQueue,
  RateLimiter,
  type Subscription,
} from "@hother/cancelable/sync";
import { expectTypeOf } from "vitest";

export async function keyed(): Promise<void> {
  const locks = new Keyed<string, Lock>(() => new Lock());
  expectTypeOf(await locks.acquire("key")).toEqualTypeOf<Lease>();
  expectTypeOf(await locks.run("key", async () => 1)).toEqualTypeOf<number>();
  const permits = new Keyed((_key: number) => new Semaphore(5));
  expectTypeOf(await permits.acquire(1, { weight: 2 })).toEqualTypeOf<Lease>();
  const rates = new Keyed<string, RateLimiter>(() => new RateLimiter({ limit: 1, per: { seconds: 1 } }));
  expectTypeOf(await rates.acquire("key", { weight: 1 })).toEqualTypeOf<void>();
  // @ts-expect-error: a key is a text
  await locks.acquire(5);
  // @ts-expect-error: a lock has no weight
  await locks.acquire("key", { weight: 2 });
  // @ts-expect-error: a queue is not acquired
  new Keyed(() => new Queue());
}

export function queues(): void {
  new Queue<number>(1, {
    overflow: "drop-oldest",
    onUndelivered: (item) => expectTypeOf(item).toEqualTypeOf<number>(),
  });
  // @ts-expect-error: not a rule
  new Queue(1, { overflow: "drop" });
  new PriorityQueue<string>(1, { compare: (a, b) => a.localeCompare(b) });
  // @ts-expect-error: the order is missing
  new PriorityQueue<string>(1, {});
  // @ts-expect-error: the order is a number
  new PriorityQueue<number>(1, { compare: (a, b) => a < b });
}

export async function broadcasts(): Promise<void> {
  const news = new Broadcast<number>({ replay: 1 });
  const subscription = news.subscribe({
    lag: "fail",
    onLag: (missed) => expectTypeOf(missed).toEqualTypeOf<number>(),
  });
  expectTypeOf(subscription).toEqualTypeOf<Subscription<number>>();
  for await (const item of subscription) expectTypeOf(item).toEqualTypeOf<number>();
  // @ts-expect-error: the items are numbers
  await news.publish("text");
  const chosen = await select({
    subscription,
    barrier: new Barrier(2),
    rate: new RateLimiter({ limit: 1, per: 1 }),
  });
  if (chosen.key === "rate") expectTypeOf(chosen.value).toEqualTypeOf<void>();
  else expectTypeOf(chosen.value).toEqualTypeOf<number>();
}
