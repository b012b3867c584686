import type { Edit, Mark, RuleClass } from "./engine.ts";

/** The result for one file. */
export interface FileResult {
  readonly path: string;
  /** The text that was read. Only set if there are edits. */
  readonly text?: string;
  readonly edits: readonly PlacedEdit[];
  readonly review: readonly PlacedMark[];
  readonly references: number;
  /** The number of references that are left after every edit. */
  readonly remaining?: number;
  readonly problem?: Problem;
  /** Whether the file was parsed. A file without any relevant word is only read. */
  readonly parsed: boolean;
  /** Facts for the project files of the same project. */
  readonly notes?: readonly string[];
}

export type ProblemKind = "parse" | "encoding" | "size" | "read" | "loop" | "changed" | "write" | "internal";

/** The reason why a file was skipped. The message continues a sentence that starts with the file's name. */
export interface Problem {
  readonly kind: ProblemKind;
  readonly message: string;
}

interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** The line of code with the lines around it. */
  readonly frame: string;
}

export interface PlacedEdit extends Edit, Place {}

export interface PlacedMark extends Mark, Place {
  readonly class: Extract<RuleClass, "M" | "X">;
}

/** Finds lines and columns in a text. */
export class Lines {
  readonly #text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.#text = text;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }

  place(offset: number): Place {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] as number) + 1, frame: this.#frame(low) };
  }

  #frame(line: number): string {
    const rows: string[] = [];
    const last = Math.min(line + 1, this.#starts.length - 1);
    for (let at = Math.max(line - 1, 0); at <= last; at++) {
      const end = this.#starts[at + 1] ?? this.#text.length + 1;
      const code = this.#text
        .slice(this.#starts[at], end - 1)
        .replace(/\r$/, "")
        .replace(/^\uFEFF/, "");
      if (at === line || code.trim() !== "")
        rows.push(`${at === line ? ">" : " "} ${at + 1} | ${code.slice(0, 160)}`);
    }
    return rows.join("\n");
  }
}
