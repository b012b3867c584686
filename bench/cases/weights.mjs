/** @import { Case, Subject } from "../types.mjs" */

/**
 * @param {"Semaphore" | "CapacityLimiter"} name
 * @returns {Subject}
 */
const ours = (name) => ({
  from: "@hother/cancelable",
  ours: true,
  setup: (lib) => ({ run: lib.run, limit: new lib[name](10) }),
  run: (n, { run, limit }) =>
    run(async () => {
      for (let i = 0; i < n; i += 1) {
        const lease = await limit.acquire({ weight: 3 });
        lease.release();
      }
    }),
});

/** @type {Case} */
export default {
  name: "weights",
  about: "Acquires and releases three of ten permits without other waiters, in a loop.",
  per: "acquire and release",
  baseline: "async-mutex Semaphore",
  subjects: {
    Semaphore: ours("Semaphore"),
    CapacityLimiter: ours("CapacityLimiter"),
    "async-mutex Semaphore": {
      from: "async-mutex",
      note: "Does not check the cancellation or the deadline of its caller. Waiters can only be cancelled all together.",
      setup: ({ Semaphore }) => new Semaphore(10),
      run: async (n, semaphore) => {
        for (let i = 0; i < n; i += 1) {
          const [, release] = await semaphore.acquire(3);
          release();
        }
      },
    },
    "Effect Semaphore": {
      from: "effect",
      note: "Runs inside one fiber. `withPermits` releases the permits itself.",
      setup: ({ Effect, Semaphore }) => ({
        Effect,
        effect: Semaphore.withPermits(Semaphore.makeUnsafe(10), 3)(Effect.void),
      }),
      run: (n, { Effect, effect }) =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < n; i += 1) yield* effect;
          }),
        ),
    },
  },
};
