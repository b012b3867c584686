/** Holds rows against the targets of their case. */
import { count, ratio, size, spread } from "./format.mjs";
import { major } from "./runtimes.mjs";

/** @import { Case, Row, Target } from "./types.mjs" */

/** @typedef {{ text: string, found: string, holds: boolean }} Verdict */

/**
 * What holds and what does not, of one case on one runtime.
 *
 * @param {Case} benchmark
 * @param {Row[]} rows of this case and runtime
 * @returns {Verdict[]}
 */
export function verdicts(benchmark, rows) {
  return (benchmark.targets ?? []).flatMap((target) => {
    const own = rows.filter((row) => row.subject === target.subject);
    if (target.atMostGrowth !== undefined) return growth(target, own);
    return own.flatMap((row) => judge(target, row, rows));
  });
}

/**
 * The targets that nothing was measured for.
 *
 * @param {Case} benchmark
 * @param {Row[]} rows of this case and runtime
 */
export function unjudged(benchmark, rows) {
  return (benchmark.targets ?? []).filter(
    (target) =>
      verdicts({ ...benchmark, targets: [target] }, rows).length === 0 &&
      (target.runtime === undefined || rows.some((row) => major(row.runtime) === target.runtime)),
  );
}

/**
 * @param {Target} target
 * @param {Row[]} own
 * @returns {Verdict[]}
 */
function growth({ subject, atMostGrowth = Number.POSITIVE_INFINITY, from }, own) {
  const measured = own.filter((row) => row.ns !== null);
  const few = measured.find((row) => row.n === from);
  const many = measured.at(-1);
  if (few?.ns == null || many?.ns == null || many === few) return [];
  const times = many.ns / few.ns;
  return [
    verdict(
      `${subject}, per task at ${count(many.n ?? 0)} at most ${ratio(atMostGrowth)} × that at ${count(few.n ?? 0)}`,
      `${ratio(times)} ×`,
      times <= atMostGrowth,
    ),
  ];
}

/**
 * Nothing if the target is about something else.
 *
 * @param {Target} target
 * @param {Row} row
 * @param {Row[]} rows of the same case and runtime
 * @returns {Verdict[]}
 */
function judge(target, row, rows) {
  if (target.runtime !== undefined && target.runtime !== major(row.runtime)) return [];
  const { against = "" } = target;
  if (target.atMostBytes !== undefined) {
    if (row.bytes === null) return [];
    return [
      verdict(
        `${row.subject} at most ${size(target.atMostBytes)}`,
        size(row.bytes),
        row.bytes <= target.atMostBytes,
      ),
    ];
  }
  if (target.atMostTimers !== undefined) {
    if (row.timers === undefined) return [];
    return [
      verdict(
        `${row.subject} leaves at most ${target.atMostTimers} timers`,
        String(row.timers),
        row.timers <= target.atMostTimers,
      ),
    ];
  }
  if (target.atMostNs !== undefined) {
    const other = rows.find((one) => one.subject === against);
    if (row.ns === null || other?.ns === null || other === undefined) return [];
    const over = row.ns - other.ns;
    return [
      verdict(
        `${row.subject} at most ${target.atMostNs} ns over ${against}`,
        `${over.toFixed(2)} ns`,
        over <= target.atMostNs,
      ),
    ];
  }
  const compared = row.ratios[against];
  if (compared === undefined || target.atMost === undefined) return [];
  const [median = "", ...rest] = spread(compared).split(" ");
  const limit =
    target.atMost < 0.5 && Number.isInteger(Math.round(1e6 / target.atMost) / 1e6)
      ? `at least ${Math.round(1 / target.atMost)} × faster than ${against}`
      : `at most ${ratio(target.atMost)} × ${against}`;
  return [
    verdict(`${row.subject}, ${limit}`, `${median} × ${rest.join(" ")}`, compared.median <= target.atMost),
  ];
}

/**
 * @param {string} text
 * @param {string} found
 * @param {boolean} holds
 */
function verdict(text, found, holds) {
  return { text, found, holds };
}
