/** Compares rows with the targets of their case. */
import { count, ratio, size, spread, time } from "./format.mjs";
import { major } from "./runtimes.mjs";

/** @import { AccuracyRow, Case, Row, Target } from "./types.mjs" */

/** @typedef {{ text: string, found: string, holds: boolean | undefined }} Verdict `holds`: undefined if not measured */

/** Judges the rows of one case on one runtime. @type {(benchmark: Case, rows: Row[]) => Verdict[]} */
export function verdicts({ targets = [] }, rows) {
  return targets
    .filter(({ runtime }) => runtime === undefined || rows.some((row) => major(row.runtime) === runtime))
    .map((target) => {
      const [text, limit, value, show] = measured(target, rows);
      if (value == null || Number.isNaN(value)) return { text, found: "not measured", holds: undefined };
      return { text, found: show(value), holds: value <= limit };
    });
}

/**
 * @typedef {[text: string, limit: number, value: number | null | undefined, show: (value: number) => string]} Found
 * @type {(target: Target, rows: Row[]) => Found}
 */
function measured({ subject, against = "", from = 0, ...limits }, rows) {
  const own = rows.filter((row) => row.subject === subject && row.ns !== null);
  const row = rows.find((one) => one.subject === subject);
  const nsOf = (/** @type {Row | undefined} */ one) => one?.ns ?? Number.NaN;
  if (limits.atMostGrowth !== undefined) {
    const [few, many] = [own.find(({ n }) => n === from), own.at(-1)];
    const text = `${subject}: time per task with the most tasks at most ${limits.atMostGrowth} × that with ${count(from)}`;
    const growth = few === many ? undefined : nsOf(many) / nsOf(few);
    return [text, limits.atMostGrowth, growth, (value) => `${ratio(value)} ×`];
  }
  if (limits.atMostBytes !== undefined) {
    return [`${subject}: at most ${size(limits.atMostBytes)}`, limits.atMostBytes, row?.bytes, size];
  }
  if (limits.atMostTimers !== undefined) {
    return [
      `${subject}: at most ${limits.atMostTimers} timers left`,
      limits.atMostTimers,
      row?.timers,
      String,
    ];
  }
  if (limits.atMostNs !== undefined) {
    const more = nsOf(row) - nsOf(rows.find((one) => one.subject === against));
    return [`${subject}: at most ${time(limits.atMostNs)} more than ${against}`, limits.atMostNs, more, time];
  }
  const { atMost = 0 } = limits;
  const compared = row?.ratios[against] ?? { median: Number.NaN, p25: Number.NaN, p75: Number.NaN };
  return [
    `${subject}: at most ${ratio(atMost)} × ${against}`,
    atMost,
    compared.median,
    () => spread(compared),
  ];
}

/** A deadline never fires too early. @type {(rows: AccuracyRow[]) => Verdict[]} */
export function accuracyVerdicts(rows) {
  return rows
    .filter(({ ours, question }) => ours && question.startsWith("deadline"))
    .map(({ subject, min }) => ({ text: `${subject}: never too early`, found: time(min), holds: min >= 0 }));
}
