import { cancelled } from "../growing.mjs";

/** @import { Case } from "../types.mjs" */

/** @type {Case} */
export default {
  name: "growth-cancel",
  about:
    "Starts n sleeping children, waits one turn of the event loop, cancels the children and waits for their end. Figures are the time of this whole life per child, and the bytes that one sleeping child holds.",
  per: "child",
  kind: "growth",
  sizes: [10, 100, 1000, 10_000, 100_000],
  baseline: "hand-written",
  subjects: cancelled,
  targets: [{ subject: "taskGroup", atMostGrowth: 3, from: 1000 }],
};
