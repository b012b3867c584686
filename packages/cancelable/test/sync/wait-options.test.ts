import { expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  CapacityLimiter,
  Condition,
  Deferred,
  Event,
  Lock,
  Queue,
  QueueReceiver,
  QueueSender,
  Semaphore,
  type WaitOptions,
} from "../../src/index.ts";
import { Barrier, Broadcast, Keyed, RateLimiter, ReadWriteLock } from "../../src/sync/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { kept } from "../kept.ts";
import { expectRejects, wrong } from "../refusals.ts";
import { usage } from "../until.ts";

/** Waits that do not end by themselves, by name. */
function waits(): ReadonlyArray<(options?: WaitOptions) => Promise<unknown>> {
  const [lock, semaphore, limiter] = [new Lock(), new Semaphore(0), new CapacityLimiter(0)];
  const condition = new Condition(lock);
  lock.acquireNowait();
  const [readers, writers] = [new ReadWriteLock(), new ReadWriteLock()];
  void readers.acquireWrite();
  void writers.acquireRead();
  const [empty, full] = [new Queue<number>(), new Queue<number>(0)];
  const [receiver, sender] = [kept(new QueueReceiver(empty)), kept(new QueueSender(full))];
  const [event, deferred] = [new Event(), new Deferred<number>()];
  const [barrier, broadcast] = [new Barrier(999), new Broadcast<number>()];
  broadcast.subscribe({ capacity: 0 });
  const subscription = new Broadcast<number>().subscribe();
  const rate = new RateLimiter({ limit: 1, per: { hours: 1 } });
  rate.acquireNowait();
  const keyed = new Keyed<string, Semaphore>(() => new Semaphore(0));
  const unfinished = new Queue<number>();
  unfinished.putNowait(1);
  return [
    (options) => lock.acquire(options),
    (options) => lock.run(() => {}, options),
    (options) => condition.acquire(options),
    (options) => lock.whenIdle(options),
    (options) => semaphore.acquire(options),
    (options) => semaphore.run(() => {}, options),
    (options) => limiter.acquire(options),
    (options) => limiter.run(() => {}, options),
    (options) => readers.acquireRead(options),
    (options) => readers.read(() => {}, options),
    (options) => writers.acquireWrite(options),
    (options) => writers.write(() => {}, options),
    (options) => empty.get(options),
    (options) => full.put(1, options),
    (options) => receiver.get(options),
    (options) => sender.put(1, options),
    (options) => event.wait(options),
    (options) => deferred.wait(options),
    (options) => unfinished.join(options),
    (options) => barrier.wait(options),
    (options) => rate.acquire(options),
    (options) => rate.run(() => {}, options),
    (options) => keyed.acquire("key", options),
    (options) => keyed.run("key", () => {}, options),
    (options) => broadcast.publish(1, options),
    (options) => subscription.get(options),
  ];
}

describeEverywhere("the option scope of a wait", (everywhere) => {
  everywhere("the wait ends with the operation that it belongs to", async () => {
    const op = new Cancellable().start();
    const waiting = waits().map((wait) => rejection(wait({ scope: op })));
    op.cancel("shutdown");
    for (const error of await Promise.all(waiting)) expect(error).toBe(op.error);
    for (const wait of waits()) expect(await rejection(wait({ scope: op }))).toBe(op.error);
    await op[Symbol.asyncDispose]();
  });

  everywhere("an ambient cancellation does not end the wait", async () => {
    const op = new Cancellable().start();
    const queue = new Queue<number>();
    const inner = new CancelScope({ parent: op });
    const got = await inner.run(async () => {
      inner.cancel();
      const getting = queue.get({ scope: op });
      queue.putNowait(7);
      return await getting;
    });
    expect(got).toBe(7);
    await op[Symbol.asyncDispose]();
  });

  everywhere("wrong options are refused", async () => {
    const ended = new CancelScope();
    await ended.run(() => {});
    for (const wait of waits()) {
      await expectRejects("TypeError", [
        [() => wait(wrong(2)), "options", "an object", "2"],
        [() => wait({ scope: wrong({}) }), "options.scope", "a Cancellable or a CancelScope", "{}"],
      ]);
      expect(await rejection(wait(wrong({ scoep: ended })))).toMatchObject({ code: "ERR_UNKNOWN_OPTION" });
      expect(await rejection(wait({ scope: ended }))).toMatchObject(usage("ERR_PARENT_ENDED"));
    }
  });
});
