/**
 * Runs the benchmark on every runtime that is there, writes results.json, and makes the pages (report.mjs).
 *
 *     node run.mjs [--case <name>]… [--runtime <major>]… [--quick]
 *
 * The runtimes are the one that runs this file and those of tools/runtimes. `--case accuracy` stands for the questions
 * of accuracy.mjs. With `--case` or `--runtime`, the other rows of results.json stay. `--quick` measures for a shorter
 * time, by default on the current runtime only, and writes nothing.
 *
 * The exit code is 1 if one of this library's subjects is absent, if any subject fails, or if a peer is faster and has
 * no note with the reason (with `--quick` only a message). A missed target does not change the exit code.
 */
import { parseArgs } from "node:util";
import { questions } from "./accuracy.mjs";
import { chooseCases, loadCases } from "./cases.mjs";
import { fasterPeers } from "./faster.mjs";
import { accuracySection, caseSection } from "./pages.mjs";
import { mergeAccuracy, mergeRows, readResults, writeResults } from "./results.mjs";
import { measureCase } from "./rows.mjs";
import { findRuntimes } from "./runtimes.mjs";
import { spawn } from "./spawn.mjs";

/** @import { AccuracyRow, Row } from "./types.mjs" */

const { values: flags } = parseArgs({
  options: {
    case: { type: "string", multiple: true },
    runtime: { type: "string", multiple: true },
    quick: { type: "boolean", default: false },
  },
});

const all = await loadCases();
const chosen = chooseCases(all, flags.case, ["accuracy"]);
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
    console.log(`\n${caseSection(benchmark, fresh)}`);
  }
  if (flags.case === undefined || flags.case.includes("accuracy")) {
    /** @type {Omit<AccuracyRow, "runtime">[]} */
    const found = await spawn(runtime, [], "", "accuracy", { quick: flags.quick });
    const fresh = found.map((row) => ({ ...row, runtime: runtime.name }));
    moments.push(...fresh);
    for (const { name } of questions) {
      console.log(`\n${accuracySection(fresh.filter(({ question }) => question === name))}`);
    }
  }
  // After each runtime, because a whole run takes long and may be interrupted.
  if (!flags.quick) write(runtimes.slice(0, index + 1));
}
if (!flags.quick) await import("./report.mjs");

const fresh = { rows, accuracy: moments };
const benchmarks = all.map(({ benchmark }) => benchmark);
for (const { where, runtime, subject, note } of fasterPeers(benchmarks, fresh)) {
  if (note !== undefined) continue;
  const kind = flags.quick ? "unexplained" : "error";
  problems.push(`${kind}: ${where} on ${runtime}: ${subject} is faster, and no note says why`);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.some((problem) => problem.startsWith("error")) ? 1 : 0;

/** @param {readonly { name: string }[]} measured */
function write(measured) {
  const old = readResults();
  writeResults({
    rows: mergeRows(
      old.rows,
      rows,
      all.map(({ benchmark }) => benchmark.name),
      chosen.map(({ benchmark }) => benchmark.name),
      measured.map(({ name }) => name),
    ),
    accuracy: mergeAccuracy(
      old.accuracy,
      moments,
      questions.map(({ name }) => name),
    ),
  });
}
