/**
 * Measures one case in a process of its own: `node child.mjs <case file> <what> <options as JSON>`, or, with
 * `accuracy` as what, the questions of accuracy.mjs. Prints one line of JSON: the outcome by subject.
 */
import { pathToFileURL } from "node:url";
import { measureAccuracy } from "./accuracy.mjs";
import { measureBytes, measureTimes } from "./measure.mjs";
import { measureGrowthBytes, measureGrowthTimes } from "./measure-growth.mjs";
import { measureHeap } from "./measure-heap.mjs";

const [file = "", what = "times", options = "{}"] = process.argv.slice(2);
const measures = {
  accuracy: measureAccuracy,
  times: measureTimes,
  bytes: measureBytes,
  heap: measureHeap,
  "growth-times": measureGrowthTimes,
  "growth-bytes": measureGrowthBytes,
};
const measure = /** @type {Record<string, (benchmark: any, options: any) => Promise<unknown>>} */ (measures)[
  what
];
if (measure === undefined) {
  throw new TypeError(`child.mjs: expected one of ${Object.keys(measures).join(", ")}, got ${what}`);
}
const benchmark = what === "accuracy" ? undefined : (await import(pathToFileURL(file).href)).default;
const outcome = await measure(benchmark, JSON.parse(options));
// Peers may leave timers armed; nothing of value is pending any more.
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));
