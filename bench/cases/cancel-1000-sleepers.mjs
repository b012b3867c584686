import { sleepers } from "../sleepers.mjs";

/** @import { Case } from "../types.mjs" */

/** @type {Case} */
export default {
  name: "cancel-1000-sleepers",
  about:
    "Cancels a scope with 1,000 sleeping children. The time is from the cancelling call until all children have settled. The hand-written code has 1,000 timers and listeners on one signal, and `Promise.allSettled`. The bytes include spawning the children.",
  per: "child",
  scale: 1000,
  baseline: "hand-written",
  subjects: sleepers(false),
  targets: [{ subject: "taskGroup", against: "hand-written", atMost: 0.6 }],
};
