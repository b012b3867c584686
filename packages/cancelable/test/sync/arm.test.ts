import { expect } from "vitest";
import {
  CapacityLimiter,
  currentScope,
  Deferred,
  Event,
  Lock,
  Queue,
  QueueReceiver,
  QueueSender,
  type Selectable,
  Semaphore,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { kept } from "../kept.ts";
import { thrown } from "../refusals.ts";
import { usage } from "../until.ts";
import { wouldWait } from "./arms.ts";

/** A primitive that is not ready, a way to make it ready once, and the number of waiters. */
interface Case {
  readonly arm: Selectable<unknown>;
  readonly ready: () => void;
  readonly waiting: () => number;
}

const cases: Readonly<Record<string, () => Case>> = {
  "Queue, get": () => {
    const queue = new Queue<number>();
    return { arm: queue, ready: () => queue.putNowait(1), waiting: () => queue.waitingGetters };
  },
  "Queue, put": () => {
    const queue = new Queue<number>(1);
    queue.putNowait(0);
    return {
      arm: queue.putting(1),
      ready: () => void queue.getNowait(),
      waiting: () => queue.waitingPutters,
    };
  },
  QueueReceiver: () => {
    const queue = new Queue<number>();
    return {
      arm: kept(new QueueReceiver(queue)),
      ready: () => queue.putNowait(1),
      waiting: () => queue.waitingGetters,
    };
  },
  QueueSender: () => {
    const queue = new Queue<number>(1);
    queue.putNowait(0);
    const arm = kept(new QueueSender(queue)).putting(1);
    return { arm, ready: () => void queue.getNowait(), waiting: () => queue.waitingPutters };
  },
  Event: () => {
    const event = new Event();
    return { arm: event, ready: () => event.set(), waiting: () => event.waiting };
  },
  Deferred: () => {
    const deferred = new Deferred<number>();
    return { arm: deferred, ready: () => deferred.resolve(1), waiting: () => deferred.waiting };
  },
  Lock: () => {
    const lock = new Lock();
    const lease = lock.acquireNowait();
    return { arm: lock, ready: () => lease.release(), waiting: () => lock.waiting };
  },
  Semaphore: () => {
    const semaphore = new Semaphore(0);
    return { arm: semaphore, ready: () => semaphore.release(), waiting: () => semaphore.waiting };
  },
  CapacityLimiter: () => {
    const limiter = new CapacityLimiter(1);
    const lease = limiter.acquireNowait();
    return { arm: limiter, ready: () => lease.release(), waiting: () => limiter.waiting };
  },
};

function receiver(): {
  readonly seen: unknown[];
  resolve(value: unknown): void;
  reject(error: unknown): void;
  task: undefined;
} {
  const seen: unknown[] = [];
  return {
    seen,
    resolve: () => void seen.push("served"),
    reject: (error) => void seen.push(error),
    task: undefined,
  };
}

describeEverywhere("an arm", (everywhere) => {
  for (const [name, create] of Object.entries(cases)) {
    everywhere(`${name}: a poll takes a value that is ready, and stands in no line`, () => {
      const { arm, ready, waiting } = create();
      expect(arm.arm.poll(currentScope().node)).toBe(wouldWait);
      ready();
      expect(arm.arm.poll(currentScope().node)).not.toBe(wouldWait);
      expect(waiting()).toBe(0);
    });

    everywhere(`${name}: a place in line is served once, in order, or withdrawn`, () => {
      const { arm, ready, waiting } = create();
      const [leaving, first, second] = [receiver(), receiver(), receiver()];
      const place = arm.arm.line(leaving);
      const places = [arm.arm.line(first), arm.arm.line(second)];
      expect(waiting()).toBe(3);
      place.withdraw();
      place.withdraw();
      expect(waiting()).toBe(2);
      ready();
      expect([leaving.seen, first.seen]).toEqual([[], ["served"]]);
      for (const one of places) one.withdraw();
      expect(waiting()).toBe(0);
      expect(first.seen).toEqual(["served"]);
    });
  }

  everywhere("fails with the error of a wait, and takes nothing", () => {
    const queue = new Queue<number>();
    const handle = kept(new QueueReceiver(queue));
    using _other = handle.clone();
    const [getting, putting] = [receiver(), receiver()];
    handle.arm.line(getting);
    handle.close();
    expect(thrown(() => handle.arm.poll(currentScope().node))).toMatchObject(usage("ERR_CLOSED"));
    expect(getting.seen).toEqual([expect.objectContaining(usage("ERR_CLOSED"))]);
    expect(queue.waitingGetters).toBe(0);
    const full = new Queue<number>(0);
    full.putting(1).arm.line(putting);
    full.close();
    expect(putting.seen).toEqual([expect.objectContaining({ code: "ERR_CLOSED" })]);
    expect(thrown(() => full.putting(1).arm.poll(currentScope().node))).toMatchObject({ code: "ERR_CLOSED" });
    const failed = new Deferred<number>();
    failed.reject("no value");
    expect(thrown(() => failed.arm.poll(currentScope().node))).toBe("no value");
  });
});
