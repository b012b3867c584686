import { sleepers } from "../sleepers.mjs";

/** @import { Case } from "../types.mjs" */

/** @type {Case} */
export default {
  name: "cancel-1000-sleepers",
  about:
    "Cancels a scope with 1,000 sleeping children; timed from the cancelling until all have settled. By hand: 1,000 timers and listeners on one signal, and `Promise.allSettled`. The bytes include spawning them.",
  per: "child",
  scale: 1000,
  baseline: "hand-written",
  subjects: sleepers(false),
  targets: [{ subject: "taskGroup", against: "hand-written", atMost: 0.6 }],
};
