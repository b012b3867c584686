// @ts-check
// Three ways to limit concurrency: for one list, for calls from different places, and between a producer and its consumers.
import { CapacityLimiter, map, Queue, sleep, taskGroup } from "@hother/cancelable";

const pages = Array.from({ length: 12 }, (_, n) => `page ${n + 1}`);

export async function main() {
  let [running, most] = [0, 0];
  /** Stands for a download. @param {string} page */
  async function sizeOf(page) {
    most = Math.max(most, ++running);
    await sleep(1);
    running--;
    return page.length;
  }

  // 1. map: at most three calls run at a time, and the results are in order.
  const sizes = await map(pages, sizeOf, { concurrency: 3 });
  console.log(`map: ${sizes.length} pages, at most ${most} at a time`);

  // 2. CapacityLimiter: one limit for calls from different places. The limit can be changed while it is in use.
  const connections = new CapacityLimiter(2);
  most = 0;
  await taskGroup((group) => {
    for (const page of pages) group.startSoon(() => connections.run(() => sizeOf(page)));
  });
  console.log(`limiter: at most ${most}, now ${connections.available} free`);

  // 3. Queue: a full queue makes the producer wait for its consumers (backpressure).
  /** @type {Queue<string>} */
  const queue = new Queue(2);
  let [fullest, done] = [0, 0];
  const consume = async () => {
    for await (const page of queue) {
      await sleep(1);
      if (pages.includes(page)) done++;
    }
  };
  await taskGroup(async (group) => {
    for (let i = 0; i < 2; i++) group.startSoon(consume);
    for (const page of pages) {
      await queue.put(page);
      fullest = Math.max(fullest, queue.size);
    }
    queue.close(); // The consumers take the remaining items, and then their loops end.
  });
  console.log(`queue: ${done} done, never more than ${fullest} waiting`);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// map: 12 pages, at most 3 at a time
// limiter: at most 2, now 2 free
// queue: 12 done, never more than 2 waiting
