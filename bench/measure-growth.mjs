/**
 * Measures how the cost of one task grows with the number of tasks, in this process: the time of a whole life per task,
 * or the bytes held per task while all tasks exist. The outcome has one entry per subject and number of tasks.
 *
 * Small numbers of tasks are measured over many lives in a row. The subjects take turns as in measure.mjs. A subject is
 * skipped at a number of tasks if the smaller numbers show that it would take too long.
 */
import { collect, describe, prepare, quantile, turn } from "./measure.mjs";
import { heapUsed } from "./measure-heap.mjs";

/** @import { Case, Measured, Subject } from "./types.mjs" */

/** @typedef {{ name: string, subject: Subject, state: any }} Runner */
/** @typedef {Record<string, Measured>} AtSize by number of tasks */

/** The longest measured life, in ms. */
const longest = 20_000;

const pass = async () => void (await turn());

/**
 * @param {Runner} runner
 * @param {number} n
 * @returns {Promise<number>} ms
 */
async function life({ subject, state }, n) {
  const start = performance.now();
  await subject.run(n, state, pass);
  return performance.now() - start;
}

/**
 * Estimates the time of one life with `n` tasks from the times with fewer tasks, in ms.
 *
 * @param {{ n: number, ms: number }[]} seen
 * @param {number} n
 */
function expected(seen, n) {
  const [last, before] = [seen.at(-1), seen.at(-2)];
  if (last === undefined || before === undefined) return 0;
  const slope = Math.log(last.ms / before.ms) / Math.log(last.n / before.n);
  // A slope above 1.5 is the beginning of quadratic growth.
  return last.ms * (n / last.n) ** (slope > 1.5 ? 2 : 1);
}

/**
 * @param {Case} benchmark
 * @param {{ rounds: number, batchMs: number, warmMs: number, budgetMs: number, upTo: number }} options
 *   `budgetMs`: the time for all rounds of one subject at one number of tasks, approximately
 * @returns {Promise<Record<string, Measured & { sizes?: AtSize }>>}
 */
export async function measureGrowthTimes(benchmark, { rounds, batchMs, warmMs, budgetMs, upTo }) {
  /** @type {Record<string, Measured & { sizes?: AtSize }>} */
  const outcome = {};
  const runners = (await prepare(benchmark, outcome)).map((one) => ({
    ...one,
    at: /** @type {AtSize} */ ({}),
    seen: /** @type {{ n: number, ms: number }[]} */ ([]),
  }));
  for (const runner of runners) {
    outcome[runner.name] = { sizes: runner.at };
    const until = performance.now() + warmMs;
    while (performance.now() < until) await life(runner, 1000);
  }
  for (const n of (benchmark.sizes ?? []).filter((size) => size <= upTo)) {
    const taking = [];
    for (const runner of runners) {
      const foreseen = expected(runner.seen, n);
      if (foreseen > longest) {
        runner.at[n] = { skipped: `one life would take about ${Math.round(foreseen / 1000)} s` };
        continue;
      }
      collect({ type: "minor" });
      await turn();
      const first = await life(runner, n);
      const lives = Math.max(1, Math.ceil(batchMs / first));
      // A long first life counts as a round. A short one only warms up.
      const measured = { rounds: first > budgetMs ? [(first * 1e6) / n] : /** @type {number[]} */ ([]) };
      runner.at[n] = measured;
      const affordable = Math.max(1, Math.floor(budgetMs / (first * lives)));
      taking.push({ runner, lives, measured, rounds: Math.min(rounds, affordable) });
    }
    for (let round = 0; round < rounds; round += 1) {
      for (let i = 0; i < taking.length; i += 1) {
        const one = /** @type {(typeof taking)[number]} */ (taking[(i + round) % taking.length]);
        if (one.measured.rounds.length >= one.rounds) continue;
        collect({ type: "minor" });
        await turn();
        const start = performance.now();
        for (let j = 0; j < one.lives; j += 1) await one.runner.subject.run(n, one.runner.state, pass);
        one.measured.rounds.push(((performance.now() - start) * 1e6) / one.lives / n);
      }
    }
    for (const { runner, measured } of taking)
      runner.seen.push({ n, ms: (quantile(measured.rounds, 0.5) * n) / 1e6 });
  }
  for (const { subject, state } of runners) await subject.teardown?.(state);
  return outcome;
}

/**
 * @param {Case} benchmark
 * @param {{ upTo: number, skip: Record<string, string[]> }} options `skip`: the skipped numbers of tasks by subject
 * @returns {Promise<Record<string, Measured & { sizes?: AtSize }>>}
 */
export async function measureGrowthBytes(benchmark, { upTo, skip }) {
  /** @type {Record<string, Measured & { sizes?: AtSize }>} */
  const outcome = {};
  for (const runner of await prepare(benchmark, outcome)) {
    /** @type {AtSize} */
    const at = {};
    outcome[runner.name] = { sizes: at };
    try {
      await life(runner, 100);
      for (const n of (benchmark.sizes ?? []).filter((size) => size <= upTo)) {
        if (!skip[runner.name]?.includes(String(n))) at[n] = { bytes: await holding(runner, n) };
      }
      await runner.subject.teardown?.(runner.state);
    } catch (error) {
      outcome[runner.name] = { failed: describe(error) };
    }
  }
  return outcome;
}

/**
 * Bytes per task while all tasks exist. With few tasks, several lives run at the same time, so that other changes of the
 * heap count less.
 *
 * @param {Runner} runner
 * @param {number} n
 */
async function holding({ subject, state }, n) {
  const lives = Math.ceil(5_000 / n);
  const before = await heapUsed();
  /** @type {() => void} */
  let allHold = () => {};
  /** @type {() => void} */
  let letGo = () => {};
  const held = new Promise((resolve) => {
    allHold = () => resolve(undefined);
  });
  const over = /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      letGo = resolve;
    })
  );
  let holding = 0;
  const ended = Promise.all(
    Array.from({ length: lives }, async () =>
      subject.run(n, state, () => {
        holding += 1;
        if (holding === lives) allHold();
        return over;
      }),
    ),
  );
  await Promise.race([held, ended]);
  await turn();
  const bytes = ((await heapUsed()) - before) / n / lives;
  letGo();
  await ended;
  return Math.round(bytes);
}
