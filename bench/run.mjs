/**
 * Runs the benchmark on every runtime that is there and writes results.json and RESULTS.md.
 *
 *     node run.mjs [--case <name>]… [--runtime <major>]… [--quick]
 *
 * Runtimes: the one that runs this file, and those of tools/runtimes. With `--case` or `--runtime` the other
 * rows of results.json are kept. `--quick` measures shortly, on the current runtime unless told otherwise,
 * and writes nothing. The exit code is 1 if one of our own subjects is absent or any subject fails; a target
 * that is missed is reported and does not change it.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs, promisify } from "node:util";
import { quantile } from "./measure.mjs";
import { markdown, table } from "./report.mjs";

/** @import { Case, Measured, Ratio, Row } from "./types.mjs" */

const here = new URL("./", import.meta.url);
const path = (/** @type {string} */ relative) => fileURLToPath(new URL(relative, here));

const { values: flags } = parseArgs({
  options: {
    case: { type: "string", multiple: true },
    runtime: { type: "string", multiple: true },
    quick: { type: "boolean", default: false },
  },
});

const cases = await loadCases(flags.case);
const runtimes = findRuntimes(flags.runtime, flags.quick);
/** @type {string[]} */
const problems = [];
/** @type {Row[]} */
const rows = [];

for (const runtime of runtimes) {
  for (const { file, benchmark } of cases) {
    const fresh = await measureCase(file, benchmark, runtime);
    rows.push(...fresh);
    console.log(table(benchmark, fresh, runtime.name));
  }
}

if (!flags.quick) {
  const all = await loadCases(undefined);
  const kept = merge(
    readRows(),
    rows,
    all.map(({ benchmark }) => benchmark.name),
  );
  writeFileSync(path("results.json"), `${JSON.stringify(kept, undefined, 2)}\n`);
  writeFileSync(
    path("RESULTS.md"),
    markdown(
      all.map(({ benchmark }) => benchmark),
      kept,
    ),
  );
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.some((problem) => problem.startsWith("error")) ? 1 : 0;

/**
 * @param {string} file
 * @param {Case} benchmark
 * @param {{ name: string, command: string }} runtime
 * @returns {Promise<Row[]>}
 */
async function measureCase(file, benchmark, runtime) {
  const lengths = flags.quick
    ? { rounds: 7, batchMs: 5, warmMs: 100 }
    : { rounds: 25, batchMs: 20, warmMs: 400 };
  // Type feedback stays while other subjects have their turn.
  const common = ["--expose-gc", "--no-flush-bytecode", "--no-warnings"];
  const roomy = ["--min-semi-space-size=256", "--max-semi-space-size=256"];
  const growth = benchmark.kind === "heap";
  const times = growth
    ? await spawn(runtime.command, common, file, "growth", {})
    : await spawn(runtime.command, common, file, "times", lengths);
  const bytes = growth
    ? {}
    : await spawn(runtime.command, [...common, ...roomy], file, "bytes", {
        rounds: flags.quick ? 3 : 9,
        warmMs: lengths.warmMs,
      });

  /** @type {Row[]} */
  const found = [];
  for (const [name, subject] of Object.entries(benchmark.subjects)) {
    const measured = times[name] ?? {};
    const where = `${benchmark.name} / ${name} on ${runtime.name}`;
    if (measured.absent !== undefined) {
      problems.push(
        `${subject.ours ? "error" : "absent"}: ${where}: the module ${measured.absent} is not installed`,
      );
      continue;
    }
    const failed = measured.failed ?? bytes[name]?.failed;
    if (failed !== undefined) {
      problems.push(`error: ${where}: ${failed}`);
      if (measured.failed !== undefined) continue;
    }
    found.push(toRow(benchmark, name, runtime.name, times, bytes));
  }
  return found;
}

/**
 * @param {Case} benchmark
 * @param {string} name
 * @param {string} runtime
 * @param {Record<string, Measured>} times
 * @param {Record<string, Measured>} bytes
 * @returns {Row}
 */
function toRow(benchmark, name, runtime, times, bytes) {
  const { rounds, bytes: growth, timers } = /** @type {Measured} */ (times[name]);
  const used = growth ?? bytes[name]?.bytes;
  /** @type {Record<string, Ratio>} */
  const ratios = {};
  for (const other of Object.keys(benchmark.subjects)) {
    const theirs = times[other]?.rounds;
    if (rounds === undefined || theirs === undefined || other === name) continue;
    if (!benchmark.subjects[name]?.ours && other !== benchmark.baseline) continue;
    const each = rounds.map((ns, i) => ns / /** @type {number} */ (theirs[i]));
    ratios[other] = {
      median: significant(quantile(each, 0.5)),
      p25: significant(quantile(each, 0.25)),
      p75: significant(quantile(each, 0.75)),
    };
  }
  const at = (/** @type {number} */ q) => (rounds === undefined ? null : significant(quantile(rounds, q)));
  return {
    case: benchmark.name,
    subject: name,
    runtime,
    ns: at(0.5),
    p25: at(0.25),
    p75: at(0.75),
    bytes: used === undefined ? null : Math.round(used),
    ...(timers === undefined ? {} : { timers }),
    ratios,
  };
}

/** @param {number} value */
function significant(value) {
  return Number(value.toPrecision(4));
}

/**
 * @param {string} command
 * @param {string[]} nodeFlags
 * @param {string} file
 * @param {string} what
 * @param {object} options
 * @returns {Promise<Record<string, Measured>>}
 */
async function spawn(command, nodeFlags, file, what, options) {
  const run = promisify(execFile);
  const { stdout } = await run(
    command,
    [...nodeFlags, path("child.mjs"), file, what, JSON.stringify(options)],
    {
      maxBuffer: 64 * 1024 * 1024,
      timeout: 5 * 60_000,
      env: { ...process.env, NODE_OPTIONS: "" },
    },
  );
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
}

/** @param {string[] | undefined} names */
async function loadCases(names) {
  /** @type {{ file: string, benchmark: Case }[]} */
  const found = [];
  for (const entry of readdirSync(path("cases")).sort()) {
    if (!entry.endsWith(".mjs")) continue;
    const file = path(`cases/${entry}`);
    const { default: benchmark } = await import(pathToFileURL(file).href);
    found.push({ file, benchmark });
  }
  const known = found.map(({ benchmark }) => benchmark.name);
  for (const name of names ?? []) {
    if (!known.includes(name)) throw new RangeError(`--case ${name}: expected one of ${known.join(", ")}`);
  }
  return names === undefined ? found : found.filter(({ benchmark }) => names.includes(benchmark.name));
}

/**
 * @param {string[] | undefined} majors
 * @param {boolean} quick
 */
function findRuntimes(majors, quick) {
  const found = [{ name: `node ${process.versions.node}`, command: process.execPath }];
  const folder = path("../tools/runtimes/node_modules");
  for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
    const command = `${folder}/${name}/bin/node`;
    if (!/^node\d+$/.test(name) || !existsSync(command)) continue;
    const version = execFileSync(command, ["-p", "process.versions.node"], { encoding: "utf8" }).trim();
    found.push({ name: `node ${version}`, command });
  }
  /** @param {string} name */
  const major = (name) => /^node (\d+)/.exec(name)?.[1] ?? "";
  const distinct = found.filter(
    (one, i) => found.findIndex((other) => major(other.name) === major(one.name)) === i,
  );
  for (const wanted of majors ?? []) {
    if (!distinct.some((one) => major(one.name) === wanted)) {
      throw new RangeError(
        `--runtime ${wanted}: expected one of ${distinct.map((one) => major(one.name)).join(", ")}`,
      );
    }
  }
  if (majors !== undefined) return distinct.filter((one) => majors.includes(major(one.name)));
  return quick
    ? distinct.slice(0, 1)
    : distinct.sort((a, b) => Number(major(a.name)) - Number(major(b.name)));
}

/** @returns {Row[]} */
function readRows() {
  return existsSync(path("results.json")) ? JSON.parse(readFileSync(path("results.json"), "utf8")) : [];
}

/**
 * Replaces what was measured again (a case on a major version) and keeps the rest, cases in their order.
 *
 * @param {Row[]} old
 * @param {Row[]} fresh
 * @param {string[]} order
 */
function merge(old, fresh, order) {
  const key = (/** @type {{ name: string, case: string }} */ one) => `${one.case} ${one.name.split(".")[0]}`;
  const measured = new Set(
    runtimes.flatMap(({ name }) => cases.map(({ benchmark }) => key({ case: benchmark.name, name }))),
  );
  const kept = old.filter(
    (row) => !measured.has(key({ case: row.case, name: row.runtime })) && order.includes(row.case),
  );
  const version = (/** @type {Row} */ row) => Number(/^node (\d+)/.exec(row.runtime)?.[1]);
  return [...kept, ...fresh].sort(
    (a, b) => order.indexOf(a.case) - order.indexOf(b.case) || version(a) - version(b),
  );
}
