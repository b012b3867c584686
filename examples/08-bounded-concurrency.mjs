// @ts-check
// Three ways to limit concurrency.
import { readdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { CapacityLimiter, map, Queue, sleep, taskGroup } from "@hother/cancelable";

const folder = fileURLToPath(new URL(".", import.meta.url));
const names = (await readdir(folder)).filter((name) => /^\d\d-.*\.mjs$/.test(name)).sort();

// 1. map: at most three calls run at a time, and the results are in order.
let running = 0;
let most = 0;
/** @param {string} name */
const sizeOf = async (name) => {
  most = Math.max(most, ++running);
  const { size } = await stat(`${folder}/${name}`);
  running--;
  return size;
};
const sizes = await map(names, sizeOf, { concurrency: 3 });
console.log(`map: ${sizes.length} files, at most ${most} at a time`);

// 2. CapacityLimiter: one limit for calls from different places. The limit can be changed while it is in use.
const connections = new CapacityLimiter(2);
most = 0;
await taskGroup((group) => {
  for (const name of names) {
    group.startSoon(() => connections.run(() => sizeOf(name)));
  }
});
console.log(`limiter: at most ${most}, now ${connections.available} free`);

// 3. Queue: a full queue makes the producer wait for its consumers (backpressure).
/** @type {Queue<string>} */
const queue = new Queue(2);
let [fullest, done] = [0, 0];
const consume = async () => {
  for await (const name of queue) {
    await sleep(1);
    if (names.includes(name)) done++;
  }
};
await taskGroup(async (group) => {
  for (let i = 0; i < 2; i++) group.startSoon(consume);
  for (const name of names) {
    await queue.put(name);
    fullest = Math.max(fullest, queue.size);
  }
  queue.close(); // The consumers take the remaining items, and then their loops end.
});
console.log(`queue: ${done} done, never more than ${fullest} waiting`);

// prints:
// map: 22 files, at most 3 at a time
// limiter: at most 2, now 2 free
// queue: 22 done, never more than 2 waiting
