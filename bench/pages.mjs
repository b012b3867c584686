/** Turns results into Markdown: the sections of the report, the whole report, and the summary. */
import { questions } from "./accuracy.mjs";
import { besideOurs, fasterPeers, oursOf } from "./faster.mjs";
import { count, ratio, size, spread, table, time } from "./format.mjs";
import { accuracyVerdicts, verdicts } from "./judge.mjs";
import { runtimesOf } from "./runtimes.mjs";

/** @import { AccuracyRow, Case, Results, Row } from "./types.mjs" */

const reading =
  "Times differ between machines, so read the ratios: the subjects of a case take turns in one process, and a ratio is formed within each turn. Figures are medians, with the quartiles in brackets. Bytes are allocated by one operation over its whole life, garbage included. AsyncLocalStorage is in use in every process, because the ambient scope needs it. On Node 20 and 22 it makes every promise slower, also those of the peers, which are faster in a program without AsyncLocalStorage.";
const why = "difference in the work";

/** One case on one runtime. @type {(benchmark: Case, rows: Row[]) => string} */
export function caseSection(benchmark, rows) {
  const { per, subjects, kind, sizes = [] } = benchmark;
  const noteOf = (/** @type {string} */ subject) => subjects[subject]?.note ?? "";
  const mark = (/** @type {Row} */ row, /** @type {string} */ text) =>
    !subjects[row.subject]?.ours && (besideOurs(benchmark, row, rows)?.median ?? 1) < 1
      ? `**${text}**`
      : text;
  const parts = [
    `**${benchmark.name}, ${rows[0]?.runtime}**. Peers in bold are faster than ${oursOf(benchmark)}.`,
  ];

  if (kind === "heap") {
    const lines = rows.map(({ subject, bytes, timers }) => [subject, size(bytes), String(timers)]);
    parts.push(table([["subject", "growth of the heap", "timers left"], ...lines]));
  } else if (kind === "growth") {
    const lines = [...new Set(rows.map(({ subject }) => subject))].flatMap((subject) =>
      rows
        .filter((row) => row.subject === subject)
        .map((row, i) => [
          i === 0 ? subject : "",
          count(row.n ?? 0),
          row.skipped === undefined ? mark(row, time(row.ns)) : `skipped: ${row.skipped}`,
          size(row.bytes),
          i === 0 ? noteOf(subject) : "",
        ]),
    );
    parts.push(table([["subject", "n", `time per ${per}`, `bytes held per ${per}`, why], ...lines]));
  } else {
    const lines = rows.map((row) => {
      const beside = besideOurs(benchmark, row, rows);
      return [
        row.subject,
        time(row.ns),
        `${time(row.p25)} – ${time(row.p75)}`,
        size(row.bytes),
        beside === undefined ? "–" : mark(row, spread(beside)),
        noteOf(row.subject),
      ];
    });
    const head = [
      "subject",
      `time per ${per}`,
      "quartiles",
      `bytes per ${per}`,
      `× ${oursOf(benchmark)}`,
      why,
    ];
    parts.push(table([head, ...lines]));
  }
  const judged = verdicts(benchmark, rows).map(
    ({ text, found, holds }) => `- ${text}: ${found}${holds === false ? ", **missed**" : ""}`,
  );
  return [...parts, ...(judged.length > 0 ? [judged.join("\n")] : [])].join("\n\n");
}

/** One question of accuracy.mjs on one runtime. @param {AccuracyRow[]} rows */
export function accuracySection(rows) {
  const lines = rows.map(({ subject, samples, min, p50, p99, max, note = "" }) => [
    subject,
    count(samples),
    ...[min, p50, p99, max].map(time),
    note,
  ]);
  const head = ["subject", "samples", "earliest", "p50", "p99", "latest", why];
  return `**${rows[0]?.question}, ${rows[0]?.runtime}**\n\n${table([head, ...lines])}`;
}

/** All targets in one table, with a column for each runtime. @type {(cases: Case[], results: Results) => string} */
function targets(cases, { rows, accuracy }) {
  const runtimes = runtimesOf(rows);
  const judged = runtimes.flatMap((runtime, column) => {
    const own = rows.filter((row) => row.runtime === runtime);
    const moments = accuracy.filter((row) => row.runtime === runtime);
    return [
      ...cases.map((one) => ({
        name: one.name,
        found: verdicts(
          one,
          own.filter((row) => row.case === one.name),
        ),
      })),
      ...questions.map(({ name }) => ({
        name,
        found: accuracyVerdicts(moments.filter(({ question }) => question === name)),
      })),
    ].flatMap(({ name, found }) => found.map((verdict) => ({ ...verdict, name, column })));
  });
  /** @type {Map<string, string[]>} */
  const lines = new Map();
  for (const { name, column, text, found, holds } of judged) {
    const line = lines.get(`${name} ${text}`) ?? [name, text, ...runtimes.map(() => "–")];
    line[column + 2] = holds === false ? `**${found}**` : found;
    lines.set(`${name} ${text}`, line);
  }
  const order = [...cases, ...questions].map(({ name }) => name);
  const sorted = [...lines.values()].sort(([a = ""], [b = ""]) => order.indexOf(a) - order.indexOf(b));
  const met = judged.filter(({ holds }) => holds).length;
  const all = judged.filter(({ holds }) => holds !== undefined).length;
  return `${met} of ${all} targets are met. Figures in bold miss their target.\n\n${table([["case", "target", ...runtimes], ...sorted])}`;
}

/** The whole report. The two charts stand beside it. @type {(cases: Case[], results: Results) => string} */
export function report(cases, results) {
  /** @type {<T extends { runtime: string }>(own: T[], section: (rows: T[]) => string) => string[]} */
  const byRuntime = (own, section) =>
    runtimesOf(own).map((runtime) => section(own.filter((row) => row.runtime === runtime)));
  const faster = fasterPeers(cases, results).map(({ where, runtime, subject, times, note }) => [
    where,
    runtime,
    subject,
    ratio(times),
    note ?? "**unexplained**",
  ]);
  return `${[
    "# Benchmark results",
    "Made by `npm run bench:report` from `bench/results.json`.",
    reading,
    "![Time of every peer as a multiple of this library's](benchmark-peers.svg)",
    "![Time per task over the number of tasks](benchmark-growth.svg)",
    `## Targets\n\n${targets(cases, results)}`,
    `## Faster peers\n\n${table([["case", "runtime", "peer", "× this library", why], ...faster])}`,
    ...cases.flatMap((one) => [
      `## ${one.name}\n\n${one.about}`,
      ...byRuntime(
        results.rows.filter((row) => row.case === one.name),
        (rows) => caseSection(one, rows),
      ),
    ]),
    ...questions.flatMap(({ name, about }) => [
      `## ${name}\n\n${about}`,
      ...byRuntime(
        results.accuracy.filter(({ question }) => question === name),
        accuracySection,
      ),
    ]),
  ].join("\n\n")}\n`;
}

/** The page that is kept in the repository. @type {(cases: Case[], results: Results) => string} */
export function summary(cases, results) {
  return `${[
    "# Benchmark summary",
    "Made by `npm run bench:report` from [`results.json`](results.json); do not edit. The same command writes the whole report, with two charts, to `docs/.generated/`. `npm run bench` measures again.",
    reading,
    targets(cases, results),
    `Peers are faster than this library in ${fasterPeers(cases, results).length} places. The report lists them, each with the difference in the work.`,
  ].join("\n\n")}\n`;
}
