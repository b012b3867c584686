/** Which peers are faster than ours, and whether their note says why that is not the same work. */

/** @import { AccuracyRow, Case, Faster, Row } from "./types.mjs" */

/**
 * The subject of ours that peers are held against.
 *
 * @param {Case} benchmark
 */
export function oursOf(benchmark) {
  return Object.keys(benchmark.subjects).find((name) => benchmark.subjects[name]?.ours) ?? "";
}

/**
 * A row's time divided by that of ours, with quartiles. Nothing for rows of ours, and where one was not measured.
 *
 * @param {Case} benchmark
 * @param {Row} row
 * @param {Row[]} rows of the same case and runtime
 */
export function besideOurs(benchmark, row, rows) {
  const ours = rows.find((one) => one.subject === oursOf(benchmark) && one.n === row.n);
  const inverse = ours?.ratios[row.subject];
  if (inverse === undefined || row.ns === null) return undefined;
  return { median: 1 / inverse.median, p25: 1 / inverse.p75, p75: 1 / inverse.p25 };
}

/**
 * @param {Case[]} cases
 * @param {Row[]} rows
 * @returns {Faster[]}
 */
export function fasterRows(cases, rows) {
  return cases.flatMap((benchmark) =>
    rows
      .filter((row) => row.case === benchmark.name && !benchmark.subjects[row.subject]?.ours)
      .flatMap((row) => {
        const same = rows.filter((one) => one.case === row.case && one.runtime === row.runtime);
        const compared = besideOurs(benchmark, row, same);
        if (compared === undefined || compared.median >= 1) return [];
        return [
          {
            where: row.n === undefined ? row.case : `${row.case}, ${row.n} tasks`,
            runtime: row.runtime,
            subject: row.subject,
            ours: oursOf(benchmark),
            times: compared.median,
            note: benchmark.subjects[row.subject]?.note,
          },
        ];
      }),
  );
}

/**
 * Held against ours by the median.
 *
 * @param {AccuracyRow[]} rows
 * @returns {Faster[]}
 */
export function fasterMoments(rows) {
  return rows
    .filter((row) => !row.ours)
    .flatMap((row) => {
      const ours = rows.find(
        (one) => one.ours && one.question === row.question && one.runtime === row.runtime,
      );
      if (ours === undefined || row.p50 >= ours.p50) return [];
      return [
        {
          where: row.question,
          runtime: row.runtime,
          subject: row.subject,
          ours: ours.subject,
          times: row.p50 / ours.p50,
          note: row.note,
        },
      ];
    });
}
