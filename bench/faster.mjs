/** Finds the peers that are faster than this library. */

/** @import { Case, Faster, Results, Row } from "./types.mjs" */

/** The subject of this library with which peers are compared. @param {Case} benchmark */
export function oursOf({ subjects }) {
  return Object.keys(subjects).find((name) => subjects[name]?.ours) ?? "";
}

/**
 * The row's time divided by the time of this library's subject, with quartiles. Undefined for that subject itself, and
 * where one of the two was not measured.
 *
 * @type {(benchmark: Case, row: Row, rows: Row[]) => import("./types.mjs").Ratio | undefined}
 */
export function besideOurs(benchmark, { case: name, runtime, n, ns, subject }, rows) {
  const ours = rows.find(
    (one) => one.case === name && one.runtime === runtime && one.n === n && one.subject === oursOf(benchmark),
  );
  const inverse = ours?.ratios[subject];
  if (inverse === undefined || ns === null) return undefined;
  return { median: 1 / inverse.median, p25: 1 / inverse.p75, p75: 1 / inverse.p25 };
}

/** @type {(cases: Case[], results: Results) => Faster[]} */
export function fasterPeers(cases, { rows, accuracy }) {
  const timed = rows.flatMap(({ case: name, n, runtime, subject }, i) => {
    const benchmark = cases.find((one) => one.name === name);
    if (benchmark === undefined || benchmark.subjects[subject]?.ours) return [];
    const times = besideOurs(benchmark, /** @type {Row} */ (rows[i]), rows)?.median ?? 1;
    const where = n === undefined ? name : `${name}, n = ${n}`;
    return [{ where, runtime, subject, times, note: benchmark.subjects[subject]?.note }];
  });
  const moments = accuracy.map(({ question, runtime, subject, p50, note }) => {
    const ours = accuracy.find((one) => one.ours && one.question === question && one.runtime === runtime);
    return { where: question, runtime, subject, times: p50 / (ours?.p50 ?? p50), note };
  });
  return [...timed, ...moments].filter(({ times }) => times < 1);
}
