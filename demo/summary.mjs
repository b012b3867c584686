// @ts-check
/*
 * What happened to each file and why, and that nothing was left behind.
 */
import { bytes, fit, paint, seconds, wantsColour } from "./format.mjs";

/** @typedef {import("./download.mjs").Result} Result */
/**
 * @typedef {object} Aftermath
 * @property {number} ms How long all of it took.
 * @property {number} connections Made by the downloads.
 * @property {number} openConnections Still open when the server was closed.
 * @property {string[]} partFiles Found in the folder before it was removed.
 * @property {string[]} keptFiles Found as well, complete.
 * @property {string} folder
 */

/**
 * @param {import("node:tty").WriteStream} out
 * @param {readonly Result[]} results
 * @param {Aftermath} after
 */
export function printSummary(out, results, after) {
  const colour = wantsColour(out);
  const count = (/** @type {string} */ state) => results.filter((result) => result.state === state).length;
  const states = [...new Set(results.map(({ state }) => state))].map((state) => `${count(state)} ${state}`);
  const lines = [
    "",
    `Summary: ${states.join(", ")}, in ${seconds(after.ms)}`,
    ...results.map((result) => {
      const state = paint(fit(result.state, 9), result.state, colour);
      return `  ${fit(result.name, 10)}  ${state}  ${describe(result)}`;
    }),
    "",
    `Partial files: ${results.filter(({ removed }) => removed).length} removed, ${after.partFiles.length} left`,
    `Connections: ${after.connections} made, ${after.openConnections} left open; the server is closed`,
    `Folder: ${after.folder} removed, after ${after.keptFiles.length} complete files were checked`,
    "",
  ];
  out.write(lines.join("\n"));
}

/** @param {Result} result */
function describe({ state, reason, bytes: received, ms, digest }) {
  const got = `${bytes(received)} in ${seconds(ms)}`;
  if (digest === undefined) return `${reason}; ${got}`;
  return `${got}; sha256 ${digest.slice(0, 12)}… ${state === "corrupt" ? "does not match" : "matches"}`;
}
