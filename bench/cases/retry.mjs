/** @import { Case } from "../types.mjs" */

const attempt = async () => 1;

/** @type {Case} */
export default {
  name: "retry",
  about:
    "Up to three attempts of an async function that succeeds at once, with a signal and an exponential backoff. `Effect.retry` runs inside one fiber around the same async function (`Effect.promise`).",
  per: "call",
  baseline: "hand-written loop",
  subjects: {
    retry: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, retry }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) await retry(attempt);
        }),
    },
    "hand-written loop": {
      note: "No scope: what a failed attempt started runs on, the deadline is not known, and every call must pass the signal.",
      run: async (n) => {
        const { signal } = new AbortController();
        for (let i = 0; i < n; i += 1) await retryByHand(attempt, signal);
      },
    },
    "p-retry": {
      from: "p-retry",
      note: "A signal ends the waits, not the attempts. The deadline is an option of its own, and cuts no attempt.",
      setup: ({ default: pRetry }) => pRetry,
      run: async (n, pRetry) => {
        const { signal } = new AbortController();
        for (let i = 0; i < n; i += 1) await pRetry(attempt, { retries: 2, signal });
      },
    },
    cockatiel: {
      from: "cockatiel",
      note: "Passes a signal to the attempts, and does not own what they start. The policy is made once.",
      setup: ({ retry, handleAll, ExponentialBackoff }) =>
        retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
      run: async (n, policy) => {
        const { signal } = new AbortController();
        for (let i = 0; i < n; i += 1) await policy.execute(attempt, signal);
      },
    },
    "Effect.retry": {
      from: "effect",
      note: "Runs inside one fiber, without a scope of its own for each call.",
      setup: ({ Effect, Schedule }) => ({
        Effect,
        effect: Effect.retry(
          Effect.promise(() => attempt()),
          { times: 2, schedule: Schedule.exponential(100) },
        ),
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

/**
 * @param {() => Promise<number>} attempt
 * @param {AbortSignal} signal
 */
async function retryByHand(attempt, signal) {
  for (let number = 1; ; number += 1) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (number === 3) throw error;
      const delay = Math.random() * 100 * 2 ** number;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
}
