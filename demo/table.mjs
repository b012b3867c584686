// @ts-check
/*
 * The view for terminals: a table that overwrites itself.
 *
 * Each picture is one write. It moves the cursor to the first line of the last picture, writes every line, and erases the
 * rest of each line. No line is cleared before it is written, so the table does not flicker.
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
  /** The widths of the lines on the screen. @type {number[]} */
  #shown = [];
  #isLeft = false;

  /** @param {import("node:tty").WriteStream} out @param {import("./board.mjs").Board} board */
  constructor(out, board) {
    this.#out = out;
    this.#board = board;
    this.#colour = wantsColour(out);
  }

  /** Does nothing, because the next picture shows the change. @param {Row} _row */
  changed(_row) {}

  /** Paints until it is cancelled, and then shows the cursor at once. */
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

  /** Leaves the table as it is, because other text follows it. */
  leave() {
    this.#isLeft = true;
  }

  /** Paints the last picture. */
  finish() {
    this.#draw();
  }

  #draw() {
    if (this.#isLeft) return;
    const columns = this.#out.columns || 80;
    const widths = layout(columns - 1);
    const head = line(["file", "progress", "     rate", "state", "why"], widths);
    const rows = this.#board.rows.map((row) => ({ row, text: rowText(row, widths) }));
    const lines = [
      paint(head, "dim", this.#colour),
      ...rows.map(({ row, text }) => text.replace(row.state, paint(row.state, row.state, this.#colour))),
    ];
    // A terminal that has become narrower has broken the old lines into several.
    const up = this.#shown.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    const picture = lines.map((text) => `${text}${eraseRight}\n`).join("");
    this.#out.write(`${up > 0 ? `\x1b[${up}A` : ""}\r${picture}${eraseBelow}`);
    this.#shown = [head, ...rows.map(({ text }) => text)].map(({ length }) => length);
  }
}

/**
 * The text of a row without colours and trailing spaces, so that its length is its width on the screen.
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
 * The widths of name, bar, rate, state and reason. The width is 0 for a column without room.
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
  // The rate is written in the column of the reason, because no row has both.
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
