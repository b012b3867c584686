import { behindGate } from "../growing.mjs";
import { limited } from "../limits.mjs";

/** @import { Case } from "../types.mjs" */

/** @type {Case} */
export default {
  name: "growth-limited",
  about:
    "Starts n async functions, ten at a time. The first ten wait for a promise, which is resolved after one turn of the event loop. Figures are the time per task until all have ended, and the bytes that one queued task holds.",
  per: "task",
  kind: "growth",
  sizes: [10, 100, 1000, 10_000, 100_000],
  baseline: "hand-written workers",
  subjects: limited(behindGate),
  targets: [{ subject: "map", atMostGrowth: 3, from: 1000 }],
};
