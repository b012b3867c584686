/** The tables of accuracy.mjs, and what holds of its rows. */
import { questions } from "./accuracy.mjs";
import { columns, count, grid, time } from "./format.mjs";
import { why } from "./tables.mjs";

/** @import { AccuracyRow } from "./types.mjs" */

/** @param {AccuracyRow[]} rows of one question on one runtime */
function lines(rows) {
  const noted = rows.some((row) => row.note !== undefined);
  return [
    ["subject", "samples", "earliest", "p50", "p99", "latest", ...(noted ? [why] : [])],
    ...rows.map((row) => [
      row.subject,
      count(row.samples),
      ...[row.min, row.p50, row.p99, row.max].map(time),
      ...(noted ? [row.note ?? ""] : []),
    ]),
  ];
}

/**
 * A deadline never comes too early.
 *
 * @param {AccuracyRow[]} rows
 */
export function accuracyVerdicts(rows) {
  return rows
    .filter((row) => row.ours && row.question.startsWith("deadline"))
    .map((row) => ({
      where: row.question,
      runtime: row.runtime,
      text: `${row.subject} never too early`,
      found: time(row.min),
      holds: row.min >= 0,
    }));
}

/**
 * @param {AccuracyRow[]} rows
 * @param {(rows: AccuracyRow[], runtime: string) => string[]} table
 */
function parts(rows, table) {
  const runtimes = [...new Set(rows.map((row) => row.runtime))];
  return questions.flatMap(({ name, about }) => {
    const asked = rows.filter((row) => row.question === name);
    if (asked.length === 0) return [];
    return [
      { name, about },
      ...runtimes.flatMap((runtime) => {
        const own = asked.filter((row) => row.runtime === runtime);
        return own.length === 0 ? [] : [{ runtime, table: table(own, runtime) }];
      }),
    ];
  });
}

/** @param {AccuracyRow[]} rows */
export function accuracyText(rows) {
  return parts(rows, (own) => columns(lines(own), [why]))
    .flatMap((part) => ("name" in part ? [`\n${part.name} (${rows[0]?.runtime})`] : part.table))
    .join("\n");
}

/** @param {AccuracyRow[]} rows */
export function accuracyMarkdown(rows) {
  return parts(rows, (own) => [grid(lines(own), [why])]).flatMap((part) =>
    "name" in part ? [`## ${part.name}`, part.about] : [`**${part.runtime}**`, ...part.table],
  );
}
