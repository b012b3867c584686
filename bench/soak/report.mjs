/** The table at the end of a soak. */
import { kilobytes, noticedFrom } from "./verdict.mjs";

/** @import { Outcome } from "./types.mjs" */

const number = new Intl.NumberFormat("en-US");
const megabytes = (/** @type {number | undefined} */ bytes) => `${((bytes ?? 0) / 1e6).toFixed(1)} MB`;

/** @param {Outcome} outcome */
export function report({ tallies, samples, handles, verdict }) {
  const rows = tallies.map((tally) => [
    tally.name,
    number.format(tally.rounds),
    number.format(tally.operations),
    noticedFrom(verdict.heap, tally).toPrecision(2),
  ]);
  const operations = tallies.reduce((sum, tally) => sum + tally.operations, 0);
  rows.push(["all", number.format(tallies[0]?.rounds ?? 0), number.format(operations), ""]);
  const { heap, external } = verdict;
  const left = Math.max(...samples.left);
  return [
    ...table(["scenario", "rounds", "operations", "smallest detectable leak, B per operation"], rows),
    "",
    `heap slope ${kilobytes(heap.slope * 3_600)}/h, ${kilobytes(heap.growth)} over the run, limit ${kilobytes(verdict.limit)}`,
    `external memory slope ${kilobytes(external.slope * 3_600)}/h, ${kilobytes(external.growth)} over the run`,
    `resident memory ${megabytes(samples.rss[0])} at the start, ${megabytes(samples.rss.at(-1))} at the end, not judged`,
    `handles ${handles} at the start and in all ${samples.count} samples${verdict.flat ? "" : ", except where listed below"}; at most ${left} left behind`,
    ...verdict.problems.map((problem) => `NOT FLAT: ${problem}`),
    verdict.flat ? "flat" : "not flat",
  ].join("\n");
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => /** @type {string} */ (row[column]).length)),
  );
  const line = (/** @type {string[]} */ cells) =>
    cells
      .map((cell, column) =>
        column === 0
          ? cell.padEnd(/** @type {number} */ (widths[0]))
          : cell.padStart(/** @type {number} */ (widths[column])),
      )
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)];
}
