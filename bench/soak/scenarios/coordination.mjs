/** Locks, semaphores, limiters and conditions with cancelled waiters. No other waiter loses its turn. */
import assert from "node:assert/strict";
import {
  CapacityLimiter,
  Condition,
  Deferred,
  Event,
  Lock,
  moveOnAfter,
  Semaphore,
  sleep,
  taskGroup,
} from "@hother/cancelable";

/** @import { Scenario, World } from "../types.mjs" */

const tasks = 60;

// They live as long as the soak, so that entries of cancelled waiters in their queues would stay.
const lock = new Lock();
const semaphore = new Semaphore(3);
const limiter = new CapacityLimiter(3);

/**
 * Many tasks enter and some are cancelled while they wait. Never more than `limit` tasks are inside.
 *
 * @param {World} world
 * @param {{ run: (body: () => Promise<void>) => Promise<void> }} door
 * @param {number} limit
 */
async function crowd({ random }, door, limit) {
  let [inside, most, entered, given] = [0, 0, 0, 0];
  await taskGroup(async (group) => {
    const waiting = Array.from({ length: tasks }, () => {
      const limited = random.chance(0.3);
      return group.startSoon(async () => {
        const body = () =>
          door.run(async () => {
            entered += 1;
            inside += 1;
            most = Math.max(most, inside);
            await sleep(0).finally(() => (inside -= 1));
            given += 1;
          });
        await (limited ? moveOnAfter(2, body) : body());
      });
    });
    const chosen = random.shuffle(waiting).slice(0, random.integer(0, tasks / 2));
    await sleep(1);
    for (const task of chosen) task.cancel();
  });
  assert.equal(inside, 0);
  assert.ok(most <= limit, `at most ${limit} tasks may be inside, but ${most} were`);
  assert.ok(given <= entered && entered <= tasks);
  return tasks;
}

/** @param {World} world */
async function conditions({ random }) {
  const condition = new Condition();
  const event = new Event();
  const deferred = new Deferred();
  let open = false;
  let [woken, cancelled] = [0, 0];
  const losers = random.integer(1, 10);
  await taskGroup(async (group) => {
    const waiting = Array.from({ length: 20 }, () =>
      group.startSoon(async () => {
        const lease = await condition.acquire();
        try {
          await condition.waitUntil(() => open);
          woken += 1;
        } finally {
          lease[Symbol.dispose]();
        }
        await event.wait();
        assert.equal(await deferred.wait(), 42);
      }),
    );
    // A task that is given the lock late in a turn of the event loop gets it in the next turn.
    while (condition.waiting < 20) await sleep(0);
    for (const task of random.shuffle(waiting).slice(0, losers)) {
      task.cancel();
      await task.wait();
      if (task.status === "cancelled") cancelled += 1;
    }
    await condition.lock.run(async () => {
      open = true;
      condition.notifyAll();
    });
    await sleep(1);
    event.set();
    deferred.resolve(42);
  });
  assert.deepEqual([woken, cancelled, condition.waiting], [20 - losers, losers, 0]);
  assert.equal(condition.lock.isLocked, false);
  return 20;
}

/** @type {Scenario} */
export default {
  name: "coordination",
  async round(world) {
    const counts = await Promise.all([
      crowd(world, lock, 1),
      crowd(world, semaphore, 3),
      crowd(world, limiter, 3),
      crowd(world, new Lock(), 1),
      conditions(world),
      conditions(world),
    ]);
    assert.deepEqual([lock.isLocked, lock.waiting], [false, 0]);
    assert.deepEqual([semaphore.value, semaphore.waiting], [3, 0]);
    assert.deepEqual([limiter.borrowed, limiter.waiting], [0, 0]);
    return counts.reduce((sum, count) => sum + count, 0);
  },
};
