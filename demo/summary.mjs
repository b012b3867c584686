// @ts-check
/*
 * Prints the outcome of each file with its reason, and the files and connections left behind.
 */
import { bytes, fit, paint, seconds, wantsColour, wrap } from "./format.mjs";

/** @typedef {import("./download.mjs").Result} Result */
/**
 * @typedef {object} Aftermath
 * @property {number} ms The duration of the whole demo.
 * @property {number} connections Connections that the downloads opened.
 * @property {number} openConnections Connections still open when the server was closed.
 * @property {string[]} partFiles Partial files in the folder before it was removed.
 * @property {string[]} keptFiles Complete files in the folder before it was removed.
 * @property {string} folder
 */

/**
 * @param {import("node:tty").WriteStream} out
 * @param {readonly Result[]} results
 * @param {Aftermath} after
 */
export function printSummary(out, results, after) {
  const colour = wantsColour(out);
  const width = out.isTTY ? out.columns || 80 : Number.POSITIVE_INFINITY;
  const removed = results.filter((result) => result.removed).length;
  const rows = results.map((result) => {
    const text = `  ${fit(result.name, 10)}  ${fit(result.state, 9)}  ${describe(result)}`;
    // Coloured after the text is broken into lines, because escape sequences have no width on the screen.
    return wrap(text, width, 25).replace(result.state, paint(result.state, result.state, colour));
  });
  const facts = [
    `Partial files: ${removed} removed, ${after.partFiles.length} left`,
    `Connections: ${after.connections} made, ${after.openConnections} left open; the server is closed`,
    `Folder: ${after.folder} removed; it contained ${after.keptFiles.length} complete files`,
  ].map((fact) => wrap(fact, width, 2));
  const head = wrap(`Summary: ${countStates(results)}, in ${seconds(after.ms)}`, width, 2);
  out.write(`${["", head, ...rows, "", ...facts].join("\n")}\n`);
}

/** @param {readonly Result[]} results */
function countStates(results) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { state } of results) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}

/** @param {Result} result */
function describe({ state, reason, bytes: received, ms, digest }) {
  const got = `${bytes(received)} in ${seconds(ms)}`;
  if (digest === undefined) return `${reason}; ${got}`;
  return `${got}; sha256 ${digest.slice(0, 12)}… ${state === "corrupt" ? "does not match" : "matches"}`;
}
