/** Reads and merges results.json. */
import { existsSync, readFileSync } from "node:fs";
import { major } from "./runtimes.mjs";

/** @import { AccuracyRow, Results, Row } from "./types.mjs" */

/**
 * @param {string} file
 * @returns {Results}
 */
export function readResults(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { rows: [], accuracy: [] };
}

/**
 * Replaces what was measured again and keeps the rest, cases in their order.
 *
 * @param {Row[]} old
 * @param {Row[]} fresh
 * @param {readonly string[]} order the names of all cases; rows of others are dropped
 * @param {readonly string[]} again the cases that were measured
 * @param {readonly string[]} runtimes the runtimes that they were measured on
 */
export function mergeRows(old, fresh, order, again, runtimes) {
  const versions = runtimes.map(major);
  const kept = old.filter(
    (row) => order.includes(row.case) && !(again.includes(row.case) && versions.includes(major(row.runtime))),
  );
  return [...kept, ...fresh].sort(
    (a, b) => order.indexOf(a.case) - order.indexOf(b.case) || major(a.runtime) - major(b.runtime),
  );
}

/**
 * @param {AccuracyRow[]} old
 * @param {AccuracyRow[]} fresh
 * @param {readonly string[]} order the names of the questions
 */
export function mergeAccuracy(old, fresh, order) {
  const versions = fresh.map((row) => major(row.runtime));
  const kept = old.filter((row) => order.includes(row.question) && !versions.includes(major(row.runtime)));
  return [...kept, ...fresh].sort(
    (a, b) => order.indexOf(a.question) - order.indexOf(b.question) || major(a.runtime) - major(b.runtime),
  );
}
