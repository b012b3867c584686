/** @import { Case, Subject } from "../types.mjs" */

const waiters = 1000;

/**
 * One holder releases the lock to the first of 1,000 waiters. Each waiter releases it to the next.
 *
 * @param {number} n
 * @param {() => Promise<() => void>} hold acquires the lock and returns the function that releases it
 * @param {() => Promise<void>} pass acquires and releases the lock
 */
async function contend(n, hold, pass) {
  for (let i = 0; i < n; i += 1) {
    const release = await hold();
    const pending = [];
    for (let j = 0; j < waiters; j += 1) pending.push(pass());
    release();
    await Promise.all(pending);
  }
}

/**
 * @param {{ acquire(): Promise<unknown>, release(): unknown }} lock
 * @param {number} n
 */
function contendByMethod(lock, n) {
  const release = () => void lock.release();
  return contend(
    n,
    async () => {
      await lock.acquire();
      return release;
    },
    async () => {
      await lock.acquire();
      lock.release();
    },
  );
}

/**
 * @param {"Lock" | "Semaphore"} name
 * @returns {Subject}
 */
const ours = (name) => ({
  from: "@hother/cancelable",
  ours: true,
  setup: (lib) => ({ run: lib.run, lock: name === "Lock" ? new lib.Lock() : new lib.Semaphore(1) }),
  run: (n, { run, lock }) => run(() => contendByMethod(lock, n)),
});

/** @type {Case} */
export default {
  name: "lock-contended-1000",
  about: "1,000 async functions wait for one lock. Each releases it for the next.",
  per: "waiter",
  scale: waiters,
  baseline: "async-mutex Mutex",
  subjects: {
    Lock: ours("Lock"),
    Semaphore: ours("Semaphore"),
    "async-mutex Mutex": {
      from: "async-mutex",
      note: "Does not check the cancellation or the deadline of its caller. Waiters can only be cancelled all together.",
      setup: ({ Mutex }) => new Mutex(),
      run: (n, mutex) =>
        contend(
          n,
          () => mutex.acquire(),
          async () => {
            const release = await mutex.acquire();
            release();
          },
        ),
    },
    "async-mutex Semaphore": {
      from: "async-mutex",
      note: "Has no owner. Does not check the cancellation or the deadline of its caller. Waiters can only be cancelled all together.",
      setup: ({ Semaphore }) => new Semaphore(1),
      run: (n, semaphore) =>
        contend(
          n,
          async () => (await semaphore.acquire())[1],
          async () => {
            const [, release] = await semaphore.acquire();
            release();
          },
        ),
    },
    "async-sema": {
      from: "async-sema",
      note: "Not a lock: it has no owner, and any code may release it. Does not check the cancellation or the deadline of its caller. A waiter cannot be cancelled.",
      setup: ({ Sema }) => new Sema(1),
      run: (n, sema) => contendByMethod(sema, n),
    },
    "p-limit": {
      from: "p-limit",
      note: "A limit of one that runs a function instead of giving a lease. Cannot cancel a running function.",
      setup: ({ default: pLimit }) => pLimit(1),
      run: async (n, limit) => {
        for (let i = 0; i < n; i += 1) {
          const pending = [];
          for (let j = 0; j < waiters; j += 1) pending.push(limit(() => {}));
          await Promise.all(pending);
        }
      },
    },
  },
  targets: [
    { subject: "Lock", against: "async-mutex Mutex", atMost: 1 / 3 },
    { subject: "Lock", against: "async-sema", atMost: 1 },
    { subject: "Semaphore", against: "async-sema", atMost: 1 },
  ],
};
