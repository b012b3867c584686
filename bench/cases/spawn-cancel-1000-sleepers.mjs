import { sleepers } from "../sleepers.mjs";

/** @import { Case } from "../types.mjs" */

/** @type {Case} */
export default {
  name: "spawn-cancel-1000-sleepers",
  about: "The same, timed over the whole life: spawning 1,000 sleeping children, cancelling, all settled.",
  per: "child",
  scale: 1000,
  baseline: "hand-written",
  subjects: sleepers(true),
};
