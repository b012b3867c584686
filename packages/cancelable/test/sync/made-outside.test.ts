import { expect } from "vitest";
import { CapacityLimiter, Condition, Event, Lock, Queue, Semaphore, taskGroup } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { until } from "../until.ts";

// Created here, where no scope is active. Each object is used on every backend, one after the other.
const outside = {
  // An event is set for good: one for each backend.
  events: Array.from({ length: 5 }, () => new Event()),
  lock: new Lock(),
  semaphore: new Semaphore(1),
  limiter: new CapacityLimiter(1),
  condition: new Condition(),
  queue: new Queue<string>(1),
};

describeEverywhere("primitives that are created outside every scope", (everywhere) => {
  everywhere("the primitives work on every backend (CONF-I05)", async () => {
    const { events, lock, semaphore, limiter, condition, queue } = outside;
    for (const one of [lock, semaphore, limiter, condition]) {
      await taskGroup(async (group) => {
        const lease = await one.acquire();
        const other = group.startSoon(async () => {
          using _lease = await one.acquire();
        });
        await until(() => (one === condition ? condition.lock : (one as Lock)).waiting === 1);
        expect(other.status).toBe("running");
        lease[Symbol.dispose]();
      });
    }
    await taskGroup(async (group) => {
      const got = group.startSoon(() => queue.get());
      await until(() => queue.waitingGetters === 1);
      await queue.put("item");
      expect(await got).toBe("item");
      const event = events.pop();
      const waiting = group.startSoon(() => event?.wait());
      await until(() => event?.waiting === 1);
      event?.set();
      await waiting;
    });
  });
});
