import { createLogUpdate } from "log-update";
import measure from "string-width";
import type { Board, TreeLine } from "./board.ts";
import { Cursor } from "./cursor.ts";
import type { Display } from "./display.ts";
import { layoutOf, rowText, titleOf } from "./row-text.ts";
import type { TerminalStream } from "./stream.ts";

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
    const shown = take(board.lines(), board.size > most ? most - 1 : most);
    if (shown.length === 0 && board.size === 0 && this.#isEmpty) return;
    const names = Math.max(0, ...shown.map((line) => measure(titleOf(line, columns, measure))));
    const layout = layoutOf(columns, names);
    const lines = shown.map((line) => rowText(line, layout, measure, this.#colour));
    const more = board.size - shown.length;
    if (more > 0) lines.push(`… and ${more} more`.slice(0, columns));
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

function take(lines: Iterable<TreeLine>, most: number): TreeLine[] {
  const taken: TreeLine[] = [];
  if (most > 0) {
    for (const line of lines) {
      taken.push(line);
      if (taken.length >= most) break;
    }
  }
  return taken;
}
