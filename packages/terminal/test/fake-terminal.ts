import type { TerminalStream } from "../src/index.ts";

const escape = "\u001b";

/** Interprets the control characters and sequences that log-update and this package write. Returns the visible lines. */
export function screenOf(
  text: string,
  columns: number,
): { lines: string[]; cursorShown: boolean; colours: number } {
  const lines: string[][] = [[]];
  let [row, column, cursorShown, colours] = [0, 0, true, 0];
  const tokens = /\u001b\[(\??)([\d;]*)([A-Za-z])|\n|\r|[^\u001b\n\r]/gu;
  let end = 0;
  for (const { 0: token, 1: mode, 2: figures = "", 3: command, index } of text.matchAll(tokens)) {
    if (index !== end) throw new Error(`unknown sequence: ${JSON.stringify(text.slice(end, index))}`);
    end = index + token.length;
    const count = Number(figures === "" ? 1 : figures);
    const line = (lines[row] ??= []);
    if (token === "\n") {
      row++;
      column = 0;
      lines[row] ??= [];
    } else if (token === "\r") column = 0;
    else if (command === undefined) {
      const width = /\p{Script=Han}|\p{Emoji_Presentation}/u.test(token) ? 2 : 1;
      if (column + width > columns) throw new Error(`the terminal wraps the line after ${line.join("")}`);
      line[column] = token;
      if (width === 2) line[column + 1] = "";
      column += width;
    } else if (mode === "?") {
      if (figures === "25") cursorShown = command === "h";
    } else if (command === "A") row = Math.max(0, row - count);
    else if (command === "B") row += count;
    else if (command === "G") column = count - 1;
    else if (command === "K") line.length = figures === "2" ? 0 : Math.min(line.length, column);
    else if (command === "J") lines.length = row + 1;
    else if (command === "m") colours++;
    else throw new Error(`unknown sequence: ${JSON.stringify(token)}`);
  }
  const shown = lines.map((line) =>
    Array.from(line, (cell) => cell ?? " ")
      .join("")
      .trimEnd(),
  );
  while (shown.at(-1) === "") shown.pop();
  return { lines: shown, cursorShown, colours };
}

/** A terminal whose visible lines a test can read. */
export class FakeTerminal implements TerminalStream {
  readonly isTTY: boolean = true;
  columns: number;
  rows: number;
  text = "";

  constructor(columns = 80, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    this.text += text;
  }

  get screen(): { lines: string[]; cursorShown: boolean; colours: number } {
    return screenOf(this.text, this.columns);
  }

  get lines(): string[] {
    return this.screen.lines;
  }
}

/** The names on a terminal, with their branches. */
export const namesOn = (terminal: FakeTerminal): string[] =>
  terminal.lines.map((line) => line.replace(/([^\s│]) {2}.*/, "$1"));

/** A file or a pipe. */
export class FakeFile implements TerminalStream {
  text = "";

  write(text: string): void {
    this.text += text;
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

/** Whether a text has control characters other than the ends of lines. */
export const hasControls = (text: string): boolean =>
  [...text].some((character) => character !== "\n" && (character < " " || character === escape));
