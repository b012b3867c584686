import { ItemTooLongError } from "./item-too-long.ts";

/**
 * Splits text into lines, piece by piece. A line ends with `\n` or `\r\n`, and with a single `\r` if this is asked for. Other
 * separators of Unicode, such as U+2028, end no line.
 */
export class LineSplitter {
  readonly #end: RegExp;
  readonly #maxLength: number;
  /** The pieces of the begun line. They are joined at its end, so that a long line costs no repeated copying. */
  #begun: string[] = [];
  #length = 0;
  /** Whether the text so far ends with `\r`: a `\n` that follows belongs to the same end. */
  #isAfterReturn = false;

  /** @param endsAtReturn Whether a single `\r` ends a line. */
  constructor(maxLength: number, endsAtReturn: boolean) {
    this.#maxLength = maxLength;
    this.#end = endsAtReturn ? /\r\n?|\n/g : /\n/g;
  }

  /**
   * The lines that end in `text`. To be read to the end before the next call.
   *
   * @throws ItemTooLongError after the lines before the one that is too long.
   */
  *push(text: string): Generator<string, undefined, undefined> {
    if (text === "") return undefined;
    const end = new RegExp(this.#end);
    let start = this.#isAfterReturn && text.startsWith("\n") ? 1 : 0;
    this.#isAfterReturn = false;
    end.lastIndex = start;
    for (let match = end.exec(text); match !== null; match = end.exec(text)) {
      const line = this.#finish(text.slice(start, match.index));
      start = end.lastIndex;
      this.#isAfterReturn = match[0] === "\r" && start === text.length;
      yield line;
    }
    if (start < text.length) this.#add(text.slice(start));
    return undefined;
  }

  /** The last line, if the text does not end with the end of a line. */
  end(): string | undefined {
    return this.#length === 0 ? undefined : this.#finish("");
  }

  #add(piece: string): void {
    this.#length += piece.length;
    // A `\r` at the end can belong to the end of the line.
    if (this.#length > this.#maxLength + 1) throw new ItemTooLongError("line", this.#maxLength);
    this.#begun.push(piece);
  }

  #finish(piece: string): string {
    this.#add(piece);
    let line = this.#begun.join("");
    this.#begun = [];
    this.#length = 0;
    if (line.endsWith("\r")) line = line.slice(0, -1);
    if (line.length > this.#maxLength) throw new ItemTooLongError("line", this.#maxLength);
    return line;
  }
}
