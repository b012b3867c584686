/**
 * Measures the library's own subjects of one case with two builds, in this process: one round of compare.mjs.
 *
 * Both builds are loaded into one process and take turns every few milliseconds, because a busy machine changes its
 * speed within that time. Each build gets a copy of the case file of its own, so that the two share no type feedback.
 * Some differences last as long as the process does: the compiler's decisions, the layout of the heap. They differ
 * from process to process, so compare.mjs takes the median over several.
 */
import { pathToFileURL } from "node:url";
import { now, useProcessorTime } from "./clock.mjs";
import { batch, calibrate, collect, describe, prepare, quantile, turn } from "./measure.mjs";
import { loadFrom } from "./peers.mjs";

/** @import { Case, Measured, Subject } from "./types.mjs" */

/**
 * @typedef {object} PairOptions
 * @property {string} file of the case
 * @property {[side: "before" | "after", checkout: string][]} builds in the order in which they are loaded
 * @property {number} batchMs
 * @property {number} warmMs
 * @property {number} pairs Pairs of batches per subject, at most.
 * @property {number} budgetMs Time after which a subject gets no more pairs. Six pairs are always measured.
 * @property {number} upTo The largest number of tasks in a growth case.
 */

/**
 * One round of a subject: times of one operation in ns, and the ratio after / before. Medians over the batches.
 *
 * @typedef {{ before: number, after: number, ratio: number }} Round
 */

/** @typedef {{ subject: Subject, state: any, scale: number }} Unit One subject; in a growth case, at one size. */

/**
 * @param {undefined} _benchmark
 * @param {PairOptions} options
 * @returns {Promise<Record<string, Round | { failed: string }>>} by subject
 */
export async function measurePair(_benchmark, options) {
  const { builds, batchMs, warmMs, pairs, budgetMs } = options;
  useProcessorTime();
  /** @type {Record<string, Round | { failed: string }>} */
  const outcome = {};
  /** @type {Map<string, Unit>[]} */
  const loaded = [];
  for (const [side, checkout] of builds) loaded.push(await open(options, side, checkout, outcome));
  const [first = new Map(), second = new Map()] = loaded;

  const running = [];
  for (const [name, one] of first) {
    const other = second.get(name);
    if (other === undefined || outcome[name] !== undefined) continue;
    try {
      const n = await warmUp([one, other], batchMs, warmMs);
      /** @type {number[][]} */
      const times = [[], []];
      running.push({ name, units: [one, other], n, times, end: Number.POSITIVE_INFINITY, spent: 0 });
    } catch (error) {
      outcome[name] = { failed: describe(error) };
    }
  }
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const one of running) {
      if (pair >= 6 && one.spent > budgetMs * 1e6) continue;
      const start = now();
      // A B, B A, A B, …: a drift of the machine's speed cancels out.
      for (const i of pair % 2 === 0 ? [0, 1] : [1, 0]) {
        const { subject, state, scale } = /** @type {Unit} */ (one.units[i]);
        collect({ type: "minor" });
        await turn();
        one.times[i]?.push((await batch(subject, state, one.n)) / one.n / scale);
      }
      one.spent += now() - start;
    }
  }
  const swapped = builds[0]?.[0] === "after";
  for (const { name, times } of running) {
    const [before = [], after = []] = swapped ? times.reverse() : times;
    const ratios = before.map((ns, i) => /** @type {number} */ (after[i]) / ns);
    outcome[name] = {
      before: quantile(before, 0.5),
      after: quantile(after, 0.5),
      ratio: quantile(ratios, 0.5),
    };
  }
  return outcome;
}

/**
 * Sets up the subjects of the case with one build.
 *
 * @param {PairOptions} options
 * @param {string} side
 * @param {string} checkout
 * @param {Record<string, unknown>} outcome a subject that cannot be set up is entered
 */
async function open({ file, upTo }, side, checkout, outcome) {
  loadFrom(checkout);
  const { href } = pathToFileURL(file);
  /** @type {Case} */
  const benchmark = ownOf((await import(`${href}?${side}`)).default);
  /** @type {Record<string, Measured>} */
  const missing = {};
  /** @type {Map<string, Unit>} */
  const units = new Map();
  for (const { name, subject, state } of await prepare(benchmark, missing)) {
    if (benchmark.kind !== "growth") units.set(name, { subject, state, scale: benchmark.scale ?? 1 });
    else {
      for (const size of (benchmark.sizes ?? []).filter((n) => n <= upTo)) {
        units.set(`${name}, n = ${size}`, { subject: lives(subject, size), state, scale: size });
      }
    }
  }
  for (const [name, { absent, failed }] of Object.entries(missing)) {
    outcome[name] = { failed: `${side}: ${failed ?? `the module ${absent} is not installed`}` };
  }
  return units;
}

/**
 * The case with the library's own subjects only.
 *
 * @param {Case} benchmark
 * @returns {Case}
 */
export function ownOf(benchmark) {
  const own = Object.entries(benchmark.subjects).filter(([, { ours }]) => ours);
  return { ...benchmark, subjects: Object.fromEntries(own) };
}

/**
 * A subject whose operation is one life of `size` tasks.
 *
 * @param {Subject} subject
 * @param {number} size
 * @returns {Subject}
 */
function lives(subject, size) {
  const hold = async () => void (await turn());
  return {
    ...subject,
    run: async (n, state) => {
      for (let i = 0; i < n; i += 1) await subject.run(size, state, hold);
    },
  };
}

/**
 * Warms both units up, until neither becomes faster. Gives the number of operations that fill a batch.
 *
 * @param {readonly Unit[]} units
 * @param {number} batchMs
 * @param {number} warmMs
 */
async function warmUp(units, batchMs, warmMs) {
  let n = 1;
  for (const { subject, state } of units) n = await calibrate(subject, state, batchMs, warmMs);
  const fastest = units.map(() => Number.POSITIVE_INFINITY);
  const fewest = Math.ceil(20 / (units[0]?.scale ?? 1));
  for (let still = 0, slice = 0; still < 2 && slice < 40; slice += 1) {
    still += 1;
    for (const [i, { subject, state }] of units.entries()) {
      const best = /** @type {number} */ (fastest[i]);
      const start = now();
      for (let batches = 0; batches < 10 || now() - start < warmMs * 1e6; batches += 1) {
        fastest[i] = Math.min(/** @type {number} */ (fastest[i]), (await batch(subject, state, n)) / n);
      }
      if (/** @type {number} */ (fastest[i]) < best * 0.97) still = 0;
    }
    n = Math.max(fewest, Math.ceil((batchMs * 1e6) / Math.min(...fastest)));
  }
  return n;
}
