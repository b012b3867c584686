/**
 * The soak test: mixed work on the real clock for minutes. It fails if the heap or the number of handles grows.
 *
 *     npm run soak -- [--minutes 30] [--seed 1] [--out soak.svg]
 *
 * Writes a chart (default: soak.svg beside this file) and prints a table. The exit code is 1 if the heap or the handles
 * grow or if a scenario fails, and 2 for a bad argument.
 */
import "./collect.mjs";
import { writeFileSync } from "node:fs";
import { readOptions, usage } from "./options.mjs";
import { report } from "./report.mjs";
import { judge } from "./verdict.mjs";

/** @param {string[]} argv */
function optionsOrExit(argv) {
  try {
    return readOptions(argv);
  } catch (error) {
    console.error(`soak: ${/** @type {Error} */ (error).message}\nusage: ${usage}`);
    process.exit(2);
  }
}

const { minutes, seed, out } = optionsOrExit(process.argv.slice(2));
console.log(`soak: ${minutes} minutes, seed ${seed}`);
// Imported after the check of the arguments, because the import takes a moment.
const { soak } = await import("./soak.mjs");
try {
  const { problems, ...seen } = await soak({ minutes, seed, tell: (line) => console.log(line) });
  // Imported after the last sample, because the chart library is a third of the heap.
  const { draw } = await import("./chart.mjs");
  const outcome = { minutes, seed, ...seen, verdict: judge(seen.samples, problems) };
  writeFileSync(out, draw(outcome));
  console.log(`\n${report(outcome)}\nwritten: ${out}`);
  process.exitCode = outcome.verdict.flat ? 0 : 1;
} catch (error) {
  console.error(`soak: seed ${seed}: ${/** @type {Error} */ (error).message}`);
  process.exit(1);
}
