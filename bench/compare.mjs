/**
 * Compares two builds of this library: the same benchmark before and after a change, interleaved.
 *
 *     node compare.mjs --before <checkout> [--after <checkout>] [--case <name>]… [--node <path>] [--rounds 9]
 *
 * A checkout is a folder of this repository in which `npm install` and `npm run build` have run. The default of
 * `--after` is the checkout of this file. Both builds run the case files of this checkout, without the subjects of peers.
 *
 * `before` and `after` in the output are processor times of one operation. A round is a fresh process in which the two
 * builds take turns (measure-pair.mjs). Its ratio after / before is the median over the turns. The printed ratio is the
 * median over the rounds, with its 95 % confidence interval. While the interval of a subject contains the limit, the case
 * gets more rounds, up to three times as many. After that the subject is uncertain: repeat its case on a quieter machine.
 * Bytes are measured in separate processes.
 *
 * The exit code is 1 if the whole interval of a ratio, or a number of bytes, is above its limit.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chooseCases, loadCases } from "./cases.mjs";
import { size, table, time } from "./format.mjs";
import { quantile } from "./measure.mjs";
import { roomy, spawn, tall } from "./spawn.mjs";

/** @import { Case, Measured } from "./types.mjs" */
/** @import { Round } from "./measure-pair.mjs" */

/** @typedef {[side: "before" | "after", checkout: string]} Build */

const median = (/** @type {number[]} */ values) => quantile(values, 0.5);

/** A ratio of times above this is a slower subject. */
const limit = 1.03;
/** The factors by which bytes differ from run to run: allocated by an operation, held by a task, left in the heap. */
const tolerance = { bytes: 1.005, "growth-bytes": 1.03, heap: 1.03 };
/** The bytes in the heap that change from run to run for other reasons. */
const heapNoise = 50_000;
/** The most tasks in a growth case. Larger numbers mostly measure the garbage collector. */
const upTo = 1000;
const lengths = { batchMs: 2, warmMs: 30, pairs: 32, budgetMs: 160, upTo };
/** Without threads for compilation and garbage collection, times differ less from run to run. */
const flags = ["--single-threaded", "--experimental-import-meta-resolve"];

const { values: given } = parseArgs({
  options: {
    before: { type: "string" },
    after: { type: "string", default: fileURLToPath(new URL("..", import.meta.url)) },
    case: { type: "string", multiple: true },
    node: { type: "string", default: process.execPath },
    rounds: { type: "string", default: "9" },
  },
});
if (given.before === undefined) throw new TypeError("--before <checkout> is required");
const fewest = Number(given.rounds);
if (!Number.isInteger(fewest) || fewest < 1)
  throw new RangeError(`--rounds ${given.rounds}: expected a whole number`);
/** @type {Build[]} */
const builds = [
  ["before", resolve(given.before)],
  ["after", resolve(given.after)],
];
for (const [side, checkout] of builds) {
  if (!existsSync(`${checkout}/packages/cancelable/dist/index.js`)) {
    throw new Error(`--${side} ${checkout}: no build; run npm install and npm run build there`);
  }
}
const runtime = { name: given.node, command: given.node };

let [above, uncertain] = [0, 0];
for (const { file, benchmark } of chooseCases(await loadCases(), given.case)) {
  const lines = await (benchmark.kind === "heap" ? compareHeap(file) : compareTimes(file, benchmark));
  console.log(`\n${benchmark.name}, per ${benchmark.per}\n\n${table(lines)}`);
  const verdicts = lines.map((line) => line.at(-1));
  above += verdicts.filter((one) => one?.startsWith("ABOVE")).length;
  uncertain += verdicts.filter((one) => one === "uncertain").length;
}
console.log(`\n${above} subjects above a limit, ${uncertain} uncertain`);
process.exitCode = above === 0 ? 0 : 1;

/**
 * @param {string} file
 * @param {Case} benchmark
 */
async function compareTimes(file, benchmark) {
  /** @type {Record<string, Round[]>} */
  const rounds = {};
  for (let i = 0; i < 3 * fewest; i += 1) {
    if (i >= fewest && Object.values(rounds).every((each) => isClear(interval(each)))) break;
    const order = i % 2 === 0 ? builds : [...builds].reverse();
    /** @type {Record<string, Round & { failed?: string }>} */
    const outcome = await spawn(runtime, flags, "", "pair", { file, builds: order, ...lengths });
    for (const [name, round] of Object.entries(outcome)) {
      if (round.failed !== undefined) throw new Error(`${benchmark.name}, ${name}: ${round.failed}`);
      (rounds[name] ??= []).push(round);
    }
  }
  const [before, after] =
    benchmark.kind === "growth"
      ? await bothBuilds("growth-bytes", file, tall, { upTo, skip: {} })
      : await bothBuilds("bytes", file, roomy, { rounds: 7, warmMs: 200 });
  return [
    ["subject", "before", "after", "after / before", "rounds", "bytes before", "after", "verdict"],
    ...Object.entries(rounds).map(([name, each]) => {
      const found = interval(each);
      const [low, middle, high] = [found.low, found.middle, found.high].map((value) => value.toFixed(3));
      const [a, b] = [before.get(name), after.get(name)];
      return [
        name,
        time(median(each.map((round) => round.before))),
        time(median(each.map((round) => round.after))),
        `${middle} (${low}–${high})`,
        String(each.length),
        size(a),
        size(b),
        verdict(found, isMore(a, b, benchmark.kind === "growth" ? "growth-bytes" : "bytes")),
      ];
    }),
  ];
}

/** @param {string} file */
async function compareHeap(file) {
  const [before, after] = await bothBuilds("heap", file, [], {});
  return [
    ["subject", "bytes before", "after", "verdict"],
    ...[...before].map(([name, a]) => {
      const b = after.get(name);
      return [name, size(a), size(b), verdict({ low: 1, high: 1 }, isMore(a, b, "heap", heapNoise))];
    }),
  ];
}

/**
 * Bytes with both builds, by subject; in a growth case, by subject and size.
 *
 * @param {string} what
 * @param {string} file
 * @param {readonly string[]} extra flags of Node
 * @param {object} options
 */
async function bothBuilds(what, file, extra, options) {
  const found = [];
  for (const [, checkout] of builds) {
    /** @type {Record<string, Measured & { sizes?: Record<string, Measured> }>} */
    const outcome = await spawn(runtime, [...flags, ...extra], file, what, { ...options, checkout });
    /** @type {[string, number | undefined][]} */
    const entries = Object.entries(outcome).flatMap(([name, { bytes, sizes }]) =>
      sizes === undefined
        ? [[name, bytes]]
        : Object.entries(sizes).map(([n, one]) => [`${name}, n = ${n}`, one.bytes]),
    );
    found.push(new Map(entries));
  }
  return /** @type {[Map<string, number>, Map<string, number>]} */ (found);
}

/**
 * @param {number | undefined} before
 * @param {number | undefined} after
 * @param {keyof typeof tolerance} what
 * @param {number} [noise]
 */
function isMore(before = 0, after = 0, what = "bytes", noise = 0) {
  return after > before * tolerance[what] + noise;
}

/**
 * The median of the ratios, and the order statistics that enclose it with a probability of 95 %.
 *
 * @param {readonly Round[]} rounds
 */
function interval(rounds) {
  const ratios = rounds.map((round) => round.ratio).sort((a, b) => a - b);
  const n = ratios.length;
  const rank = Math.max(0, Math.floor(n / 2 - 0.98 * Math.sqrt(n)));
  return {
    low: /** @type {number} */ (ratios[rank]),
    middle: median(ratios),
    high: /** @type {number} */ (ratios[n - 1 - rank]),
  };
}

/** @param {{ low: number, high: number }} interval */
function isClear({ low, high }) {
  return high <= limit || low > limit;
}

/**
 * @param {{ low: number, high: number }} interval of the ratio of times
 * @param {boolean} moreBytes
 */
function verdict({ low, high }, moreBytes) {
  const reasons = [...(low > limit ? ["slower"] : []), ...(moreBytes ? ["more bytes"] : [])];
  if (reasons.length > 0) return `ABOVE: ${reasons.join(", ")}`;
  return high > limit ? "uncertain" : "ok";
}
