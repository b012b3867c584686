/** Measures a case on a runtime and makes its rows. */
import { quantile } from "./measure.mjs";
import { roomy, spawn, tall } from "./spawn.mjs";

/** @import { Case, Measured, Ratio, Row } from "./types.mjs" */
/** @import { Runtime } from "./runtimes.mjs" */

/**
 * @param {string} file
 * @param {Case} benchmark
 * @param {Runtime} runtime
 * @param {boolean} quick
 * @param {string[]} problems messages about absent and failed subjects are added
 * @returns {Promise<Row[]>}
 */
export async function measureCase(file, benchmark, runtime, quick, problems) {
  const lengths = quick ? { rounds: 7, batchMs: 5, warmMs: 100 } : { rounds: 25, batchMs: 15, warmMs: 300 };
  /** @type {Record<string, Measured>} */
  let times = {};
  /** @type {Record<string, Measured>} */
  let bytes = {};
  if (benchmark.kind === "growth") return measureGrowing(file, benchmark, runtime, quick, problems);
  if (benchmark.kind === "heap") times = await spawn(runtime, [], file, "heap", {});
  else {
    times = await spawn(runtime, [], file, "times", lengths);
    bytes = await spawn(runtime, roomy, file, "bytes", { rounds: quick ? 3 : 7, warmMs: quick ? 50 : 200 });
  }
  return present(benchmark, runtime, times, bytes, problems).map((name) =>
    toRow(benchmark, name, runtime, times, bytes),
  );
}

/**
 * @param {string} file
 * @param {Case} benchmark
 * @param {Runtime} runtime
 * @param {boolean} quick
 * @param {string[]} problems
 * @returns {Promise<Row[]>}
 */
async function measureGrowing(file, benchmark, runtime, quick, problems) {
  const upTo = quick ? 1000 : Number.MAX_SAFE_INTEGER;
  const times = await spawn(runtime, tall, file, "growth-times", {
    ...(quick ? { rounds: 3, batchMs: 2, warmMs: 50, budgetMs: 200 } : growing),
    upTo,
  });
  /** @type {Record<string, string[]>} */
  const skip = {};
  for (const [name, { sizes = {} }] of Object.entries(times)) {
    skip[name] = Object.keys(sizes).filter((n) => sizes[n].skipped !== undefined);
  }
  const bytes = await spawn(runtime, tall, file, "growth-bytes", { upTo, skip });
  const names = present(benchmark, runtime, times, bytes, problems);
  const rows = [];
  for (const n of (benchmark.sizes ?? []).filter((size) => size <= upTo)) {
    const at = (/** @type {any} */ outcome) =>
      Object.fromEntries(names.map((name) => [name, outcome[name]?.sizes?.[n] ?? {}]));
    for (const name of names) {
      const { skipped } = at(times)[name];
      rows.push({
        ...toRow(benchmark, name, runtime, at(times), at(bytes)),
        n,
        ...(skipped === undefined ? {} : { skipped }),
      });
    }
  }
  return rows;
}

const growing = { rounds: 7, batchMs: 15, warmMs: 150, budgetMs: 1000 };

/**
 * The names of the measured subjects.
 *
 * @param {Case} benchmark
 * @param {Runtime} runtime
 * @param {Record<string, Measured>} times
 * @param {Record<string, Measured>} bytes
 * @param {string[]} problems
 */
function present(benchmark, runtime, times, bytes, problems) {
  return Object.entries(benchmark.subjects).flatMap(([name, subject]) => {
    const measured = times[name] ?? {};
    const where = `${benchmark.name} / ${name} on ${runtime.name}`;
    if (measured.absent !== undefined) {
      problems.push(
        `${subject.ours ? "error" : "absent"}: ${where}: the module ${measured.absent} is not installed`,
      );
      return [];
    }
    const failed = measured.failed ?? bytes[name]?.failed;
    if (failed !== undefined) problems.push(`error: ${where}: ${failed}`);
    return measured.failed === undefined ? [name] : [];
  });
}

/**
 * @param {Case} benchmark
 * @param {string} name
 * @param {Runtime} runtime
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
    // In a growth case, a slow subject may have fewer rounds.
    const common = Math.min(rounds.length, theirs.length);
    const each = rounds.slice(0, common).map((ns, i) => ns / /** @type {number} */ (theirs[i]));
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
    runtime: runtime.name,
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
