import { sleepers } from "../sleepers.mjs";

/** @import { Case } from "../types.mjs" */

/** @type {Case} */
export default {
  name: "spawn-cancel-1000-sleepers",
  about:
    "The whole life of 1,000 sleeping children: spawning, cancelling, and waiting until all have settled.",
  per: "child",
  scale: 1000,
  baseline: "hand-written",
  subjects: sleepers(true),
};
