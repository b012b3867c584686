// @ts-check
/*
 * The view for pipes and files: one line for every change of state and for every quarter of a file.
 */
import { bytes, seconds } from "./format.mjs";

/** @typedef {import("./board.mjs").Row} Row */

export class Lines {
  #out;
  #start = performance.now();
  /** @type {Map<string, { state: string, quarter: number }>} */
  #printed = new Map();

  /** @param {import("node:stream").Writable} out */
  constructor(out) {
    this.#out = out;
  }

  /** @param {Row} row */
  changed(row) {
    const printed = this.#printed.get(row.name);
    const quarter = Math.floor((4 * row.current) / row.total);
    if (printed?.state === row.state && (row.state !== "downloading" || quarter <= printed.quarter)) return;
    this.#printed.set(row.name, { state: row.state, quarter });
    const detail =
      row.reason !== ""
        ? row.reason
        : row.state === "downloading"
          ? `${String(25 * quarter).padStart(3)} % of ${bytes(row.total)}`
          : "";
    const at = seconds(performance.now() - this.#start).padStart(6);
    this.#out.write(`${`[${at}] ${row.name.padEnd(10)}  ${row.state.padEnd(11)}  ${detail}`.trimEnd()}\n`);
  }

  /** Lines are never painted again. */
  async repaint() {}

  leave() {}

  finish() {}
}
