/** Queues with cancelled producers and consumers. No item is lost and no item arrives twice. */
import assert from "node:assert/strict";
import { Queue, QueueReceiver, QueueSender, sleep, taskGroup } from "@hother/cancelable";

/** @import { Scenario, World } from "../types.mjs" */

const items = 100;

/**
 * Consumers are cancelled one after the other while items arrive. The last consumer takes the remaining items.
 *
 * @param {World} world
 */
async function cancelledConsumers({ random }) {
  /** @type {Queue<number>} */
  const queue = new Queue(random.integer(0, 5));
  /** @type {number[]} */
  const taken = [];
  const consume = async () => {
    for await (const item of queue) {
      taken.push(item);
      if (item % 7 === 0) await sleep(0);
    }
  };
  await taskGroup(async (group) => {
    group.startSoon(async () => {
      for (let item = 0; item < items; item += 1) {
        await queue.put(item);
        if (item % 10 === 0) await sleep(1);
      }
      queue.close();
    });
    for (let i = random.integer(1, 5); i > 0; i -= 1) {
      const consumer = group.startSoon(consume);
      await sleep(random.integer(0, 2));
      consumer.cancel();
      await consumer.wait();
    }
    await consume();
  });
  assert.equal(taken.length, items, "arrived items");
  assert.equal(new Set(taken).size, items, "distinct arrived items");
  assert.deepEqual([queue.size, queue.waitingGetters, queue.waitingPutters], [0, 0, 0]);
  return items;
}

/**
 * Producers are cancelled while they wait for room. The items that they have put arrive, and no others.
 *
 * @param {World} world
 */
async function cancelledProducers({ random }) {
  /** @type {Queue<string>} */
  const queue = new Queue(2);
  /** @type {string[]} */
  const [put, taken] = [[], []];
  await taskGroup(async (group) => {
    const sender = new QueueSender(queue);
    const receiver = new QueueReceiver(queue);
    const producers = Array.from({ length: 5 }, (_, name) =>
      group.startSoon(async (/** @type {QueueSender<string>} */ own) => {
        try {
          for (let n = 0; n < items / 5; n += 1) {
            await own.put(`${name} ${n}`);
            put.push(`${name} ${n}`);
          }
        } finally {
          own.close();
        }
      }, sender.clone()),
    );
    sender.close();
    group.startSoon(async () => {
      for await (const item of receiver) {
        taken.push(item);
        await sleep(0);
      }
      receiver.close();
    });
    await sleep(3);
    for (const producer of random.shuffle(producers).slice(0, random.integer(0, 5))) producer.cancel();
  });
  assert.deepEqual(taken.sort(), put.sort());
  assert.deepEqual([queue.size, queue.isClosed], [0, true]);
  return items;
}

/** @type {Scenario} */
export default {
  name: "queues",
  async round(world) {
    const counts = await Promise.all([
      cancelledConsumers(world),
      cancelledConsumers(world),
      cancelledProducers(world),
      cancelledProducers(world),
    ]);
    return counts.reduce((sum, count) => sum + count, 0);
  },
};
