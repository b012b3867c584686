/** @import { Case, Subject } from "../types.mjs" */

const calls = 1_000;
const task = async () => {
  await undefined;
  return 1;
};

/**
 * Starts 1,000 calls at once, in ten priorities, and waits for all.
 *
 * @param {number} n
 * @param {(priority: number) => Promise<unknown>} call
 */
async function inPriorities(n, call) {
  for (let i = 0; i < n; i += 1) {
    await Promise.all(Array.from({ length: calls }, (_, number) => call((number * 7) % 10)));
  }
}

/**
 * @param {"Semaphore" | "CapacityLimiter"} name
 * @returns {Subject}
 */
const ours = (name) => ({
  from: "@hother/cancelable",
  ours: true,
  setup: (lib) => ({ run: lib.run, limit: new lib[name](10) }),
  run: (n, { run, limit }) => run(() => inPriorities(n, (priority) => limit.run(task, { priority }))),
});

/** @type {Case} */
export default {
  name: "priorities",
  about: "1,000 calls in ten priorities wait for one of ten places. The highest priority goes first.",
  per: "call",
  scale: calls,
  baseline: "p-queue",
  subjects: {
    Semaphore: ours("Semaphore"),
    CapacityLimiter: ours("CapacityLimiter"),
    "p-queue": {
      from: "p-queue",
      note: "Also has events and a number of starts for each interval. A signal can be given to each call.",
      setup: ({ default: PQueue }) => new PQueue({ concurrency: 10 }),
      run: (n, queue) => inPriorities(n, (priority) => queue.add(task, { priority })),
    },
    "async-mutex Semaphore": {
      from: "async-mutex",
      note: "Does not check the cancellation or the deadline of its caller. Waiters can only be cancelled all together.",
      setup: ({ Semaphore }) => new Semaphore(10),
      run: (n, semaphore) => inPriorities(n, (priority) => semaphore.runExclusive(task, 1, priority)),
    },
  },
};
