import { limited } from "../limits.mjs";

/** @import { Case } from "../types.mjs" */

const tasks = 1000;
const task = async () => {
  await undefined;
  return 1;
};

/** @type {Case} */
export default {
  name: "limited-concurrency",
  about: "Runs 1,000 async functions with one `await` each, ten at a time, and keeps their results in order.",
  per: "task",
  scale: tasks,
  baseline: "hand-written workers",
  subjects: limited((all) => async (n, state) => {
    for (let i = 0; i < n; i += 1) await all(tasks, task, state);
  }),
  targets: [
    { subject: "map", against: "p-limit", atMost: 1 },
    { subject: "map", against: "p-queue", atMost: 1 },
    { subject: "map", against: "Effect.forEach", atMost: 1 },
  ],
};
