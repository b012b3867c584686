// @ts-check
/*
 * For terminals: a table that is written over itself.
 *
 * A picture is one write: up to where the last one began, every line with what was right of it erased.
 * Nothing is cleared before it is written again, so nothing flickers.
 */
import { sleep } from "@hother/cancelable";
import { rateOf } from "./board.mjs";
import { bytes, fit, paint, wantsColour } from "./format.mjs";

/** @typedef {import("./board.mjs").Row} Row */

const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
const eraseRight = "\x1b[K";
const eraseBelow = "\x1b[J";
const frameMs = 100;

export class Table {
  #out;
  #board;
  #colour;
  /** The widths of the lines that are on the screen. @type {number[]} */
  #shown = [];

  /** @param {import("node:tty").WriteStream} out @param {import("./board.mjs").Board} board */
  constructor(out, board) {
    this.#out = out;
    this.#board = board;
    this.#colour = wantsColour(out);
  }

  /** The next picture shows it. @param {Row} _row */
  changed(_row) {}

  /** Paints until it is cancelled; then the cursor is back at once, whatever else there is to wait for. */
  async repaint() {
    this.#out.write(hideCursor);
    try {
      for (;;) {
        this.#draw();
        await sleep(frameMs);
      }
    } finally {
      this.#out.write(showCursor);
    }
  }

  /** The last picture, which stays. */
  finish() {
    this.#draw();
  }

  #draw() {
    const columns = this.#out.columns || 80;
    const widths = layout(columns - 1);
    const head = line(["file", "progress", "     rate", "state", "why"], widths);
    const rows = this.#board.rows.map((row) => ({ row, text: rowText(row, widths) }));
    const lines = [
      paint(head, "dim", this.#colour),
      ...rows.map(({ row, text }) => text.replace(row.state, paint(row.state, row.state, this.#colour))),
    ];
    // A terminal that was made narrower has broken the old lines into more.
    const up = this.#shown.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    const picture = lines.map((text) => `${text}${eraseRight}\n`).join("");
    this.#out.write(`${up > 0 ? `\x1b[${up}A` : ""}\r${picture}${eraseBelow}`);
    this.#shown = [head, ...rows.map(({ text }) => text)].map(({ length }) => length);
  }
}

/**
 * Without colours, and nothing at its end that does not show: its length is the room it takes.
 *
 * @param {Row} row
 * @param {number[]} widths
 */
function rowText(row, widths) {
  const [, bar = 0, speed = 0] = widths;
  const rate = row.state === "downloading" ? `${bytes(rateOf(row))}/s` : "";
  const progress = gauge(Math.min(1, row.current / row.total), bar);
  const why = speed === 0 && row.reason === "" ? rate : row.reason;
  return line([row.name, progress, rate.padStart(speed), row.state, why], widths);
}

/**
 * The widths of name, bar, rate, state and reason; 0 for those that there is no room for.
 *
 * @param {number} width
 * @returns {number[]}
 */
function layout(width) {
  const [name, bar, rate, state, why] = [10, 9, 9, 11, 16];
  const [gaps, most] = [4, 40];
  const room = width - name - state - why - gaps;
  if (room >= rate + bar) {
    const reason = why + Math.min(4, room - rate - bar);
    return [name, Math.min(most, width - name - rate - state - reason - gaps), rate, state, reason];
  }
  // The rate is written where the reason will be: nothing has both.
  if (room + 1 >= bar) return [name, room + 1, 0, state, why];
  if (width > name + state + 8) return [name, 0, 0, state, width - name - state - 2];
  return [name, 0, 0, Math.max(1, Math.min(state, width - name - 1)), 0];
}

/** @param {string[]} cells @param {number[]} widths */
function line(cells, widths) {
  const shown = cells.flatMap((cell, column) => (widths[column] ? [fit(cell, widths[column])] : []));
  return shown.join(" ").trimEnd();
}

/** A bar and a percentage. @param {number} share @param {number} width */
function gauge(share, width) {
  const length = Math.max(0, width - 5);
  const filled = Math.floor(share * length);
  return `${"█".repeat(filled)}${"░".repeat(length - filled)}${`${Math.floor(100 * share)}%`.padStart(5)}`;
}
