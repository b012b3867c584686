/**
 * Measures the subjects of one case in this process: times, or bytes per operation.
 *
 * Times: the subjects take turns. In every round each subject performs a batch of fixed size, so that a busy machine
 * disturbs all of them alike. Ratios are formed within a round. The order rotates, and the young generation is emptied
 * before each batch, so that no subject pays for the garbage of another. A full collection would distort the times: V8
 * drops hidden classes without living objects and then the optimized code that relies on them, so that the batch
 * measures warming up (up to twice the time, most of all for libraries).
 *
 * Bytes: measured in a separate process (see rows.mjs) whose young generation is so large that no collection happens
 * during a batch. A batch with a collection does not count.
 */
import { PerformanceObserver } from "node:perf_hooks";
import v8 from "node:v8";
import { now } from "./clock.mjs";
import { load } from "./peers.mjs";

/** @import { Case, Measured, Subject } from "./types.mjs" */

export const collect = /** @type {(options?: { type: "major" | "minor" }) => void} */ (
  globalThis.gc ?? (() => {})
);

/** The `hold` function of all cases that are no growth cases. */
const stay = async () => {};

/** One turn of the event loop. Timers, finalizers and other jobs of earlier batches run in it. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * @param {readonly number[]} values
 * @param {number} q between 0 and 1
 */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * Loads the modules and sets the subjects up. A subject that cannot run is entered in `outcome`.
 *
 * @param {Case} benchmark
 * @param {Record<string, Measured>} outcome
 */
export async function prepare(benchmark, outcome) {
  /** @type {{ name: string, subject: Subject, state: any }[]} */
  const ready = [];
  for (const [name, subject] of Object.entries(benchmark.subjects)) {
    const module = subject.from === undefined ? undefined : await load(subject.from);
    if (subject.from !== undefined && module === undefined) {
      outcome[name] = { absent: subject.from };
      continue;
    }
    try {
      ready.push({ name, subject, state: await subject.setup?.(module) });
    } catch (error) {
      outcome[name] = { failed: describe(error) };
    }
  }
  return ready;
}

/** @param {unknown} error */
export function describe(error) {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/**
 * Runs one batch and returns its time in ns.
 *
 * @param {Subject} subject
 * @param {any} state
 * @param {number} n
 */
export async function batch(subject, state, n) {
  const start = now();
  const own = await subject.run(n, state, stay);
  const elapsed = now() - start;
  return typeof own === "number" ? own : elapsed;
}

/**
 * @param {Case} benchmark
 * @param {{ rounds: number, batchMs: number, warmMs: number }} options
 * @returns {Promise<Record<string, Measured>>}
 */
export async function measureTimes(benchmark, { rounds, batchMs, warmMs }) {
  /** @type {Record<string, Measured>} */
  const outcome = {};
  const scale = benchmark.scale ?? 1;
  const runners = [];
  for (const one of await prepare(benchmark, outcome)) {
    try {
      runners.push({
        ...one,
        n: await calibrate(one.subject, one.state, batchMs, warmMs),
        rounds: /** @type {number[]} */ ([]),
      });
    } catch (error) {
      outcome[one.name] = { failed: describe(error) };
    }
  }
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < runners.length; i += 1) {
      const runner = /** @type {(typeof runners)[number]} */ (runners[(i + round) % runners.length]);
      collect({ type: "minor" });
      await turn();
      const ns = await batch(runner.subject, runner.state, runner.n);
      runner.rounds.push(ns / runner.n / scale);
    }
  }
  for (const { name, subject, state, rounds: times } of runners) {
    outcome[name] = { rounds: times };
    await subject.teardown?.(state);
  }
  return outcome;
}

/**
 * Warms the subject up and finds how many operations fill a batch.
 *
 * @param {Subject} subject
 * @param {any} state
 * @param {number} batchMs
 * @param {number} warmMs
 */
export async function calibrate(subject, state, batchMs, warmMs) {
  const until = now() + warmMs * 1e6;
  let n = 1;
  for (;;) {
    const ns = await batch(subject, state, n);
    const full = ns >= batchMs * 1e6;
    if (full && now() >= until) return n;
    if (!full) {
      const wanted = Math.ceil((n * batchMs * 1.1e6) / Math.max(ns, 1));
      n = Math.max(n + 1, Math.min(wanted, n * 8));
    }
    await turn();
  }
}

/**
 * @param {Case} benchmark
 * @param {{ rounds: number, warmMs: number }} options
 * @returns {Promise<Record<string, Measured>>}
 */
export async function measureBytes(benchmark, { rounds, warmMs }) {
  /** @type {Record<string, Measured>} */
  const outcome = {};
  const scale = benchmark.scale ?? 1;
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ["gc"] });
  for (const { name, subject, state } of await prepare(benchmark, outcome)) {
    try {
      await calibrate(subject, state, 1, warmMs);
      let n = scale > 1 ? 1 : 100;
      /** @type {number[]} */
      const samples = [];
      for (let tries = 0; samples.length < rounds && tries < rounds * 4; tries += 1) {
        collect({ type: "minor" });
        await turn();
        await turn();
        collections = 0;
        const before = allocated();
        await subject.run(n, state, stay);
        const bytes = allocated() - before;
        await turn();
        await turn();
        if (collections > 0) {
          n = Math.ceil(n / 2);
        } else if (bytes < 4e6 && n * scale < 50_000) {
          n *= 4;
        } else {
          samples.push(bytes / n / scale);
        }
      }
      outcome[name] = samples.length > 0 ? { bytes: Math.max(0, quantile(samples, 0.5)) } : {};
      await subject.teardown?.(state);
    } catch (error) {
      outcome[name] = { failed: describe(error) };
    }
  }
  observer.disconnect();
  return outcome;
}

/** All bytes allocated so far, plus a constant. Correct only while no collection happens. */
function allocated() {
  const { total_allocated_bytes: total } = /** @type {any} */ (v8.getHeapStatistics());
  return typeof total === "number" ? total : process.memoryUsage().heapUsed;
}
