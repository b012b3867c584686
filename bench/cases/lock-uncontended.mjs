/** @import { Case, Subject } from "../types.mjs" */

/**
 * @param {"Lock" | "Semaphore"} name
 * @returns {Subject}
 */
const ours = (name) => ({
  from: "@hother/cancelable",
  ours: true,
  setup: (lib) => ({ run: lib.run, lock: name === "Lock" ? new lib.Lock() : new lib.Semaphore(1) }),
  run: (n, { run, lock }) =>
    run(async () => {
      for (let i = 0; i < n; i += 1) {
        await lock.acquire();
        lock.release();
      }
    }),
});

/** @type {Case} */
export default {
  name: "lock-uncontended",
  about:
    "Acquires and releases a lock without other waiters, in a loop. The ratio to async-mutex's Semaphore has no target: a third of its time is less than the time of one bare `await`.",
  per: "acquire and release",
  baseline: "async-mutex Mutex",
  subjects: {
    Lock: ours("Lock"),
    Semaphore: ours("Semaphore"),
    "Lock (lease)": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => ({ run: lib.run, lock: new lib.Lock() }),
      run: (n, { run, lock }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) {
            const lease = await lock.acquire();
            lease[Symbol.dispose]();
          }
        }),
    },
    "async-mutex Mutex": {
      from: "async-mutex",
      note: "Does not check the cancellation or the deadline of its caller. Waiters can only be cancelled all together.",
      setup: ({ Mutex }) => new Mutex(),
      run: async (n, mutex) => {
        for (let i = 0; i < n; i += 1) {
          const release = await mutex.acquire();
          release();
        }
      },
    },
    "async-mutex Semaphore": {
      from: "async-mutex",
      note: "Has no owner. Does not check the cancellation or the deadline of its caller. Waiters can only be cancelled all together.",
      setup: ({ Semaphore }) => new Semaphore(1),
      run: async (n, semaphore) => {
        for (let i = 0; i < n; i += 1) {
          const [, release] = await semaphore.acquire();
          release();
        }
      },
    },
    "async-sema": {
      from: "async-sema",
      note: "Not a lock: it has no owner, and any code may release it. Does not check the cancellation or the deadline of its caller. A waiter cannot be cancelled.",
      setup: ({ Sema }) => new Sema(1),
      run: async (n, sema) => {
        for (let i = 0; i < n; i += 1) {
          await sema.acquire();
          sema.release();
        }
      },
    },
    "p-limit": {
      from: "p-limit",
      note: "A limit of one that runs a function instead of giving a lease. Cannot cancel a running function.",
      setup: ({ default: pLimit }) => pLimit(1),
      run: async (n, limit) => {
        for (let i = 0; i < n; i += 1) await limit(() => {});
      },
    },
    "Effect Semaphore": {
      from: "effect",
      note: "Not a lock: it has no owner. Runs inside one fiber. `withPermit` releases the permit itself.",
      setup: ({ Effect, Semaphore }) => ({
        Effect,
        effect: Semaphore.withPermit(Semaphore.makeUnsafe(1), Effect.void),
      }),
      run: (n, { Effect, effect }) =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < n; i += 1) yield* effect;
          }),
        ),
    },
  },
  targets: [
    { subject: "Lock", against: "async-mutex Mutex", atMost: 1 / 3 },
    { subject: "Lock", against: "async-sema", atMost: 1 },
    { subject: "Semaphore", against: "async-sema", atMost: 1 },
  ],
};
