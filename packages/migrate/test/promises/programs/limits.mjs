import { setTimeout as sleep } from "node:timers/promises";
import { Mutex, Semaphore } from "async-mutex";
import { Sema } from "async-sema";
import pLimit from "p-limit";

const limit = pLimit({ concurrency: 1, rejectOnClear: true });
const semaphore = new Semaphore(3);
const mutex = new Mutex();

const running = limit(() => sleep(5));
const waiting = limit(() => console.log("never"));
console.log(limit.activeCount, limit.pendingCount, limit.concurrency);
limit.clearQueue();
await waiting.catch((error) => console.log(error.name));
await running;

const order = [];
const calls = [semaphore.runExclusive(() => sleep(5), 3)];
calls.push(semaphore.runExclusive(() => order.push("heavy"), 3, 1));
calls.push(semaphore.runExclusive(() => order.push("low"), 1, 0));
calls.push(semaphore.runExclusive(() => order.push("high"), 1, 2));
await Promise.allSettled(calls);
console.log(order.join());

const held = mutex.runExclusive(() => sleep(5));
const canceled = mutex.runExclusive(() => console.log("never"));
console.log(mutex.isLocked());
mutex.cancel();
await canceled.catch((error) => console.log(error.message));
await mutex.waitForUnlock();
console.log(mutex.isLocked());
await held;

const sema = new Sema(1);
const takeTurn = async (name) => {
  await sema.acquire();
  try {
    await sleep(1);
    console.log(name, sema.nrWaiting());
  } finally {
    sema.release();
  }
};
await Promise.allSettled([takeTurn("first"), takeTurn("second")]);
