/** Turns rows into RESULTS.md. */
import { accuracyMarkdown, accuracyVerdicts } from "./accuracy-report.mjs";
import { fasterMoments, fasterRows } from "./faster.mjs";
import { grid, ratio } from "./format.mjs";
import { unjudged, verdicts } from "./judge.mjs";
import { major } from "./runtimes.mjs";
import { tables, why } from "./tables.mjs";

/** @import { Case, Faster, Results, Row } from "./types.mjs" */

const reading = [
  "Written by `npm run bench`; do not edit. Times differ between machines: what counts are the ratios, which are formed round by round between subjects that take turns in one process. Given are medians, in brackets the quartiles. Bytes are what one operation allocates, garbage included, over its whole life. All subjects of a case share a process with AsyncLocalStorage in use, as the ambient scope needs it: on Node 20 and 22 that alone makes every promise of the process dearer, the peers' too, so they are faster there in a program that uses no AsyncLocalStorage at all. The ratios in the tables are a subject's time divided by that of the one in the heading: below 1 is faster. In bold: peers that are faster than ours, with the reason in the last column.",
  "![Every subject as a multiple of ours](results.svg)",
  "![Time per task over the number of tasks](growth.svg)",
];

/**
 * The whole of RESULTS.md.
 *
 * @param {Case[]} cases
 * @param {Results} results
 */
export function markdown(cases, { rows, accuracy }) {
  const runtimes = [...new Set(rows.map((row) => row.runtime))].sort((a, b) => major(a) - major(b));
  /** @type {string[][]} */
  const targets = [];
  const parts = [];
  for (const benchmark of cases) {
    parts.push(`## ${benchmark.name}`, benchmark.about);
    for (const runtime of runtimes) {
      const own = rows.filter((row) => row.case === benchmark.name && row.runtime === runtime);
      if (own.length === 0) continue;
      parts.push(`**${runtime}**`, ...caseParts(benchmark, own));
      targets.push(...targetLines(benchmark, own, runtime));
    }
  }
  for (const { where, runtime, text, found, holds } of accuracyVerdicts(accuracy))
    targets.push([where, runtime, text, found, mark(holds)]);
  const held = targets.filter((line) => line[4] === "yes").length;
  return `${[
    "# Benchmark results",
    ...reading,
    "## Targets",
    `${held} of ${targets.length} hold.`,
    grid([["case", "runtime", "target", "measured", "holds"], ...targets], ["runtime", "target"]),
    ...fasterParts([...fasterRows(cases, rows), ...fasterMoments(accuracy)]),
    ...parts,
    ...accuracyMarkdown(accuracy),
  ].join("\n\n")}\n`;
}

/**
 * @param {Case} benchmark
 * @param {Row[]} own
 */
function caseParts(benchmark, own) {
  return tables(benchmark, own).flatMap(({ title, lines }) => [
    ...(title === undefined ? [] : [title]),
    grid(lines, [why]),
  ]);
}

/**
 * @param {Case} benchmark
 * @param {Row[]} own
 * @param {string} runtime
 */
function targetLines(benchmark, own, runtime) {
  return [
    ...verdicts(benchmark, own).map((one) => [benchmark.name, runtime, one.text, one.found, mark(one.holds)]),
    ...unjudged(benchmark, own).map((target) => [
      benchmark.name,
      runtime,
      `${target.subject} against ${target.against ?? "its limit"}`,
      "not measured",
      "–",
    ]),
  ];
}

/** @param {boolean} holds */
function mark(holds) {
  return holds ? "yes" : "**no**";
}

/**
 * What is faster than ours and has no note.
 *
 * @param {Faster[]} faster
 */
function fasterParts(faster) {
  const bare = faster.filter(({ note }) => note === undefined);
  const explained = `Peers are faster than ours in ${faster.length} rows. ${faster.length - bare.length} of these have a note on why that is not the same work.`;
  if (bare.length === 0) return ["## Unexplained", `${explained} None is left.`];
  return [
    "## Unexplained",
    `${explained} These are left:`,
    grid(
      [
        ["case", "runtime", "subject", "× ours"],
        ...bare.map(({ where, runtime, subject, ours, times }) => [
          where,
          runtime,
          subject,
          `${ratio(times)} × ${ours}`,
        ]),
      ],
      ["runtime", "subject"],
    ),
  ];
}
