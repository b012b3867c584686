/** Reads, merges and writes results.json, which has one row a line so that changes are readable. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { major } from "./runtimes.mjs";

/** @import { AccuracyRow, Results, Row } from "./types.mjs" */

const file = new URL("results.json", import.meta.url);

/** @returns {Results} */
export function readResults() {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { rows: [], accuracy: [] };
}

/** @param {Results} results */
export function writeResults({ rows, accuracy }) {
  const lines = (/** @type {object[]} */ all) => all.map((row) => JSON.stringify(row)).join(",\n");
  writeFileSync(file, `{ "rows": [\n${lines(rows)}\n], "accuracy": [\n${lines(accuracy)}\n] }\n`);
}

/**
 * Replaces the rows that were measured again and keeps the others. The result is in the order of the cases.
 *
 * @param {Row[]} old
 * @param {Row[]} fresh
 * @param {readonly string[]} order the names of all cases; rows of others are dropped
 * @param {readonly string[]} again the cases that were measured
 * @param {readonly string[]} runtimes the runtimes on which they were measured
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
