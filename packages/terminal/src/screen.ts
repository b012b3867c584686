import { createLogUpdate } from "log-update";
import measure from "string-width";
import type { Board } from "./board.ts";
import { Cursor } from "./cursor.ts";
import type { Display } from "./display.ts";
import { layoutOf, rowText, titleOf } from "./row-text.ts";
import type { TerminalStream } from "./stream.ts";
import { chooseRows, describeHidden, treeLines } from "./tree-lines.ts";

/** For terminals: a tree that is drawn over itself. */
export class Screen implements Display {
  readonly #size: { readonly columns: number; readonly rows: number };
  readonly #colour: boolean;
  readonly #cursor: Cursor;
  readonly #update: ReturnType<typeof createLogUpdate>;
  #isEmpty = true;

  /** @param width The largest number of columns; Infinity for no limit. */
  constructor(stream: TerminalStream, width: number, colour: boolean) {
    // A terminal of unknown size reports 0.
    const size = {
      isTTY: true,
      write: (text: string) => stream.write(text),
      get columns() {
        return Math.min(width, stream.columns || (width === Number.POSITIVE_INFINITY ? 80 : width));
      },
      get rows() {
        return stream.rows || 24;
      },
    };
    this.#size = size;
    this.#colour = colour;
    this.#cursor = new Cursor(stream);
    // log-update uses no other members of a stream. Its own code for the cursor always hides the cursor of stderr.
    this.#update = createLogUpdate(size as unknown as Parameters<typeof createLogUpdate>[0], {
      showCursor: true,
    });
  }

  changed(): void {}

  draw(board: Board): void {
    const { columns, rows } = this.#size;
    // The cursor is on the line below the tree, so the tree has one row less.
    const most = Math.max(1, rows - 1);
    if (board.size === 0 && this.#isEmpty) return;
    // The last line describes the hidden rows.
    const { shown, hidden } = chooseRows(board.roots, board.size > most ? most - 1 : most);
    const tree = treeLines(board.roots, shown);
    const names = Math.max(0, ...tree.map((line) => measure(titleOf(line, columns, measure))));
    const layout = layoutOf(columns, names);
    const lines = tree.map((line) => rowText(line, layout, measure, this.#colour));
    if (hidden.length > 0) lines.push(describeHidden(hidden).slice(0, columns));
    this.#isEmpty = lines.length === 0;
    if (this.#isEmpty) {
      this.#update.clear();
      return;
    }
    this.#cursor.hide();
    this.#update(lines.join("\n"));
  }

  close(): void {
    this.#update.done();
    this.#cursor[Symbol.dispose]();
  }
}
