/**
 * Runs the benchmark on every runtime that is there and writes results.json, RESULTS.md, results.svg and
 * growth.svg.
 *
 *     node run.mjs [--case <name>]… [--runtime <major>]… [--quick]
 *
 * Runtimes: the one that runs this file, and those of tools/runtimes. `--case accuracy` stands for the questions
 * of accuracy.mjs. With `--case` or `--runtime` what else results.json holds is kept. `--quick` measures
 * shortly, on the current runtime unless told otherwise, and writes nothing. The exit code is 1 if one of our own
 * subjects is absent, if any subject fails, or if a peer is faster than ours without a note that says why
 * (reported only with `--quick`); a target that is missed is reported and does not change it.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { questions } from "./accuracy.mjs";
import { accuracyText } from "./accuracy-report.mjs";
import { growthChart, resultsChart } from "./chart.mjs";
import { fasterMoments, fasterRows } from "./faster.mjs";
import { markdown } from "./report.mjs";
import { mergeAccuracy, mergeRows, readResults } from "./results.mjs";
import { measureCase } from "./rows.mjs";
import { findRuntimes } from "./runtimes.mjs";
import { spawn } from "./spawn.mjs";
import { text } from "./tables.mjs";

/** @import { AccuracyRow, Case, Row } from "./types.mjs" */

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(relative, import.meta.url));

const { values: flags } = parseArgs({
  options: {
    case: { type: "string", multiple: true },
    runtime: { type: "string", multiple: true },
    quick: { type: "boolean", default: false },
  },
});

const all = await loadCases();
const chosen = choose(flags.case);
const runtimes = findRuntimes(flags.runtime, flags.quick);
/** @type {string[]} */
const problems = [];
/** @type {Row[]} */
const rows = [];
/** @type {AccuracyRow[]} */
const moments = [];

for (const [index, runtime] of runtimes.entries()) {
  for (const { file, benchmark } of chosen) {
    const fresh = await measureCase(file, benchmark, runtime, flags.quick, problems);
    rows.push(...fresh);
    console.log(text(benchmark, fresh, runtime.name));
  }
  if (flags.case === undefined || flags.case.includes("accuracy")) {
    /** @type {Omit<AccuracyRow, "runtime">[]} */
    const found = await spawn(runtime, [], "", "accuracy", { quick: flags.quick });
    const fresh = found.map((row) => ({ ...row, runtime: runtime.name }));
    moments.push(...fresh);
    console.log(accuracyText(fresh));
  }
  // After each: the whole takes long, and may be cut off.
  if (!flags.quick) write(runtimes.slice(0, index + 1));
}

for (const { where, runtime, subject, ours, note } of [
  ...fasterRows(
    all.map(({ benchmark }) => benchmark),
    rows,
  ),
  ...fasterMoments(moments),
]) {
  if (note !== undefined) continue;
  const kind = flags.quick ? "unexplained" : "error";
  problems.push(`${kind}: ${where} on ${runtime}: ${subject} is faster than ${ours}, and no note says why`);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.some((problem) => problem.startsWith("error")) ? 1 : 0;

/** @param {readonly { name: string }[]} measured */
function write(measured) {
  const benchmarks = all.map(({ benchmark }) => benchmark);
  const old = readResults(path("results.json"));
  const results = {
    rows: mergeRows(
      old.rows,
      rows,
      benchmarks.map(({ name }) => name),
      chosen.map(({ benchmark }) => benchmark.name),
      measured.map(({ name }) => name),
    ),
    accuracy: mergeAccuracy(
      old.accuracy,
      moments,
      questions.map(({ name }) => name),
    ),
  };
  writeFileSync(path("results.json"), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(path("RESULTS.md"), markdown(benchmarks, results));
  writeFileSync(path("results.svg"), resultsChart(benchmarks, results.rows));
  writeFileSync(path("growth.svg"), growthChart(benchmarks, results.rows));
}

/** @param {string[] | undefined} names */
function choose(names) {
  const known = [...all.map(({ benchmark }) => benchmark.name), "accuracy"];
  for (const name of names ?? []) {
    if (!known.includes(name)) throw new RangeError(`--case ${name}: expected one of ${known.join(", ")}`);
  }
  return all.filter(({ benchmark }) => names === undefined || names.includes(benchmark.name));
}

async function loadCases() {
  /** @type {{ file: string, benchmark: Case }[]} */
  const found = [];
  for (const entry of readdirSync(path("cases")).sort()) {
    if (!entry.endsWith(".mjs")) continue;
    const file = path(`cases/${entry}`);
    const { default: benchmark } = await import(pathToFileURL(file).href);
    found.push({ file, benchmark });
  }
  return found;
}
