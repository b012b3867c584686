/**
 * Measures one case in a process of its own: `node child.mjs <case file> <measure> <options as JSON>`. The measures
 * `accuracy` and `pair` need no case file. The option `checkout` measures the library's own subjects only, with the
 * build of another checkout. Prints one line of JSON: the outcome by subject.
 */
import { pathToFileURL } from "node:url";
import { measureBytes, measureTimes } from "./measure.mjs";
import { measureGrowthBytes, measureGrowthTimes } from "./measure-growth.mjs";
import { measureHeap } from "./measure-heap.mjs";
import { measurePair, ownOf } from "./measure-pair.mjs";
import { loadFrom } from "./peers.mjs";

const [file = "", what = "times", json = "{}"] = process.argv.slice(2);
const options = JSON.parse(json);
const measures = {
  // Loaded on demand: it loads the library and two peers, which the other measures load only for their subjects.
  accuracy: async (/** @type {any[]} */ ...args) => (await import("./accuracy.mjs")).measureAccuracy(...args),
  times: measureTimes,
  bytes: measureBytes,
  heap: measureHeap,
  "growth-times": measureGrowthTimes,
  "growth-bytes": measureGrowthBytes,
  pair: measurePair,
};
const measure = /** @type {Record<string, (benchmark: any, options: any) => Promise<unknown>>} */ (measures)[
  what
];
if (measure === undefined) {
  throw new TypeError(`child.mjs: expected one of ${Object.keys(measures).join(", ")}, got ${what}`);
}
if (options.checkout !== undefined) loadFrom(options.checkout);
const benchmark = file === "" ? undefined : (await import(pathToFileURL(file).href)).default;
const outcome = await measure(options.checkout === undefined ? benchmark : ownOf(benchmark), options);
// Peers may leave timers armed, which would keep the process running.
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));
