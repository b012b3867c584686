/**
 * Measures one case in a process of its own: `node child.mjs <case file> <times|bytes|growth> <options as JSON>`.
 * Prints one line of JSON: the outcome by subject.
 */
import { pathToFileURL } from "node:url";
import { measureBytes, measureGrowth, measureTimes } from "./measure.mjs";

const [file = "", what = "times", options = "{}"] = process.argv.slice(2);
const { default: benchmark } = await import(pathToFileURL(file).href);
const measure = { times: measureTimes, bytes: measureBytes, growth: measureGrowth }[what];
if (measure === undefined) throw new TypeError(`child.mjs: expected times, bytes or growth, got ${what}`);
const outcome = await measure(benchmark, JSON.parse(options));
// Peers may leave timers armed; nothing of value is pending any more.
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));
