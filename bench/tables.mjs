/** The cells of the tables of cases: for the terminal and for RESULTS.md. */

import { besideOurs, oursOf } from "./faster.mjs";
import { columns, count, size, spread, time } from "./format.mjs";
import { verdicts } from "./judge.mjs";

/** @import { Case, Row } from "./types.mjs" */

export const why = "why it is not the same work";

/**
 * Tables of one case on one runtime, each with what stands above it.
 *
 * @param {Case} benchmark
 * @param {Row[]} rows of this case and runtime
 * @returns {{ title?: string, lines: string[][] }[]}
 */
export function tables(benchmark, rows) {
  if (benchmark.kind === "growth") return growthTables(benchmark, rows);
  const lines = benchmark.kind === "heap" ? heapLines(rows) : timeLines(benchmark, rows);
  return [{ lines: withNotes(benchmark, rows, lines) }];
}

/** @param {Row[]} rows */
function heapLines(rows) {
  return [
    ["subject", "growth", "timers left"],
    ...rows.map((row) => [row.subject, size(row.bytes), String(row.timers ?? "–")]),
  ];
}

/**
 * @param {Case} benchmark
 * @param {Row[]} rows
 */
function timeLines(benchmark, rows) {
  const ours = oursOf(benchmark);
  const { baseline, per } = benchmark;
  const twice = ours !== baseline && rows.some((row) => row.subject === ours);
  const head = ["subject", `time per ${per}`, "quartiles", `bytes per ${per}`, `× ${baseline}`];
  return [
    twice ? [...head, `× ${ours}`] : head,
    ...rows.map((row) => {
      const compared = row.ratios[baseline];
      const cells = [
        row.subject,
        time(row.ns),
        `${time(row.p25)} – ${time(row.p75)}`,
        size(row.bytes),
        row.subject === baseline || compared === undefined ? "1" : spread(compared),
      ];
      return twice ? [...cells, timesOurs(benchmark, row, rows)] : cells;
    }),
  ];
}

/**
 * @param {Case} benchmark
 * @param {Row} row
 * @param {Row[]} rows
 */
function timesOurs(benchmark, row, rows) {
  if (row.subject === oursOf(benchmark)) return "1";
  const compared = besideOurs(benchmark, row, rows);
  if (compared === undefined) return "–";
  const faster = compared.median < 1 && !benchmark.subjects[row.subject]?.ours;
  return faster ? `**${spread(compared)}**` : spread(compared);
}

/**
 * Adds the column of notes, if there are any.
 *
 * @param {Case} benchmark
 * @param {Row[]} rows
 * @param {string[][]} lines
 */
function withNotes(benchmark, rows, lines) {
  const notes = rows.map((row) => benchmark.subjects[row.subject]?.note ?? "");
  if (notes.every((note) => note === "")) return lines;
  return lines.map((line, i) => [...line, i === 0 ? why : (notes[i - 1] ?? "")]);
}

/**
 * One line per subject, one column per number of tasks.
 *
 * @param {Case} benchmark
 * @param {Row[]} rows
 */
function growthTables(benchmark, rows) {
  const sizes = (benchmark.sizes ?? []).filter((n) => rows.some((row) => row.n === n));
  const subjects = [...new Set(rows.map((row) => row.subject))];
  const table = (/** @type {(row: Row) => string} */ cell) => [
    ["subject", ...sizes.map((n) => `n = ${count(n)}`)],
    ...subjects.map((subject) => [
      subject,
      ...sizes.map((n) => {
        const row = rows.find((one) => one.subject === subject && one.n === n);
        return row === undefined ? "–" : cell(row);
      }),
    ]),
  ];
  const bySubject = subjects.map(
    (subject) => /** @type {Row} */ (rows.find((row) => row.subject === subject)),
  );
  const times = table((row) => {
    if (row.ns === null) return `skipped: ${row.skipped ?? "not measured"}`;
    const faster =
      !benchmark.subjects[row.subject]?.ours && (besideOurs(benchmark, row, rows)?.median ?? 1) < 1;
    const text = `${time(row.ns)} (${time(row.p25)}–${time(row.p75)})`;
    return faster ? `**${text}**` : text;
  });
  return [
    {
      title: `Time per ${benchmark.per}; in bold what is faster than ${oursOf(benchmark)}:`,
      lines: withNotes(benchmark, bySubject, times),
    },
    { title: `Bytes held per ${benchmark.per}:`, lines: table((row) => size(row.bytes)) },
  ];
}

/**
 * One case on one runtime, for the terminal.
 *
 * @param {Case} benchmark
 * @param {Row[]} rows
 * @param {string} runtime
 */
export function text(benchmark, rows, runtime) {
  const parts = tables(benchmark, rows).flatMap(({ title, lines }) => [
    ...(title === undefined ? [] : [title]),
    ...columns(lines, [why]),
  ]);
  const marks = verdicts(benchmark, rows).map(
    (one) => `  ${one.holds ? "holds " : "MISSED"}  ${one.text}: ${one.found}`,
  );
  return [`\n${benchmark.name} (${runtime})`, ...parts, ...marks].join("\n");
}
