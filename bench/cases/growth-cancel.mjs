import { cancelled } from "../growing.mjs";

/** @import { Case } from "../types.mjs" */

/** @type {Case} */
export default {
  name: "growth-cancel",
  about:
    "Starts n sleeping children, lets the event loop turn once, cancels them and waits for their end: the time of that whole life per child, and what one child holds while it sleeps.",
  per: "child",
  kind: "growth",
  sizes: [10, 100, 1000, 10_000, 100_000],
  baseline: "hand-written",
  subjects: cancelled,
  targets: [{ subject: "taskGroup", atMostGrowth: 3, from: 1000 }],
};
