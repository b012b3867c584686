import { load } from "../peers.mjs";

/** @import { Case, Subject } from "../types.mjs" */

/** The starts in each millisecond: so many that none has to wait. */
const limit = 1_000_000;
const task = async () => 1;

/**
 * @param {"bucket" | "window"} kind
 * @returns {Subject}
 */
const ours = (kind) => ({
  from: "@hother/cancelable/sync",
  ours: true,
  setup: async ({ RateLimiter }) => ({
    run: (await load("@hother/cancelable")).run,
    limiter: new RateLimiter({ limit, per: 1, kind }),
  }),
  run: (n, { run, limiter }) =>
    run(async () => {
      for (let i = 0; i < n; i += 1) await limiter.run(task);
    }),
});

/** @type {Case} */
export default {
  name: "rate-limit",
  about: "Calls an async function through a rate limit that lets every call start at once.",
  per: "call",
  baseline: "p-throttle",
  subjects: {
    "RateLimiter, bucket": ours("bucket"),
    "RateLimiter, window": ours("window"),
    "p-throttle": {
      from: "p-throttle",
      note: "Allows twice the limit around the end of an interval. A signal is given once and ends all waits together.",
      setup: ({ default: pThrottle }) => pThrottle({ limit, interval: 1 })(task),
      run: async (n, throttled) => {
        for (let i = 0; i < n; i += 1) await throttled();
      },
    },
    "p-queue": {
      from: "p-queue",
      note: "Allows twice the limit around the end of an interval. Also has priorities and events.",
      setup: ({ default: PQueue }) => new PQueue({ intervalCap: limit, interval: 1 }),
      run: async (n, queue) => {
        for (let i = 0; i < n; i += 1) await queue.add(task);
      },
    },
  },
};
