import { Cursor } from "#platform/terminal";
import { UsageError } from "../usage-error.ts";
import type { Board, TreeLine } from "./board.ts";
import type { Display } from "./display.ts";
import { layoutOf, type Measure, rowText, titleOf } from "./row-text.ts";
import type { TerminalStream } from "./stream.ts";

export interface Look {
  /** Columns at most; Infinity for what the terminal has. */
  readonly width: number;
  readonly colour: boolean;
}

type LogUpdate = typeof import("log-update");

/** For terminals: a tree that is written over itself. */
export class Screen implements Display {
  readonly #size: { readonly columns: number; readonly rows: number };
  readonly #colour: boolean;
  readonly #measure: Measure;
  readonly #cursor: Cursor;
  readonly #update: ReturnType<LogUpdate["createLogUpdate"]>;
  #isEmpty = true;

  /** @throws UsageError naming the packages to install. */
  static async open(stream: TerminalStream, look: Look): Promise<Screen> {
    try {
      const [{ createLogUpdate }, { default: measure }] = await Promise.all([
        import("log-update"),
        import("string-width"),
      ]);
      return new Screen(stream, look, createLogUpdate, measure);
    } catch (failure) {
      const hint = "it needs two packages: npm install log-update string-width";
      throw Object.assign(new UsageError("ERR_UNSUPPORTED_HOST", "The progress tree", hint), {
        cause: failure,
      });
    }
  }

  private constructor(
    stream: TerminalStream,
    { width, colour }: Look,
    createLogUpdate: LogUpdate["createLogUpdate"],
    measure: Measure,
  ) {
    // Terminals that do not know their size say 0.
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
    this.#measure = (text) => measure(text);
    this.#cursor = new Cursor(stream);
    // It uses nothing else of a stream. The cursor that it would hide is always that of stderr.
    this.#update = createLogUpdate(size as unknown as Parameters<LogUpdate["createLogUpdate"]>[0], {
      showCursor: true,
    });
  }

  changed(): void {}

  draw(board: Board): void {
    const { columns, rows } = this.#size;
    // The line that the cursor is on, below the tree, is one as well.
    const most = Math.max(1, rows - 1);
    const shown = take(board.lines(), board.size > most ? most - 1 : most);
    if (shown.length === 0 && board.size === 0 && this.#isEmpty) return;
    const names = Math.max(0, ...shown.map((line) => this.#measure(titleOf(line, columns, this.#measure))));
    const layout = layoutOf(columns, names);
    const lines = shown.map((line) => rowText(line, layout, this.#measure, this.#colour));
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
