/** Throws where a source has syntax that is newer than this library. */
export function requireReadable(isReadable: boolean): void {
  /* v8 ignore if -- @preserve no host has such syntax yet */
  if (!isReadable) throw new SyntaxError("its source cannot be read");
}

/** Reads the tokens of JavaScript source that an engine has accepted: nothing is checked again. */
export class Scanner {
  readonly text: string;
  /** The place of the next token, behind spaces and comments. */
  at = 0;
  /** Whether there is a line break before the next token. */
  isNewLine = false;

  constructor(text: string) {
    this.text = text;
    this.skipSpace();
  }

  /** The next token, where an operator can stand: `/` is a division. Empty at the end. */
  get token(): string {
    return this.#match(words) ?? this.#match(numbers) ?? this.#match(signs) ?? this.text.charAt(this.at);
  }

  /** The next character. Empty at the end. */
  get char(): string {
    return this.text.charAt(this.at);
  }

  /** The next token, if it is a name or a keyword. */
  get word(): string | undefined {
    return this.#match(words);
  }

  /** Goes behind the next token, and returns it. */
  take(): string {
    const { token } = this;
    this.skip(token.length);
    return token;
  }

  /** Goes behind the next token if it is `expected`. */
  eat(expected: string): boolean {
    if (this.token !== expected) return false;
    this.take();
    return true;
  }

  /** The token behind the next one, and whether a line break is before that token. */
  peek(): { readonly token: string; readonly isNewLine: boolean } {
    const { at, isNewLine } = this;
    this.take();
    const next = { token: this.token, isNewLine: this.isNewLine };
    this.at = at;
    this.isNewLine = isNewLine;
    return next;
  }

  /** Goes behind a string, a number or a regular expression. Returns false if the next token is none. */
  takeLiteral(): boolean {
    const literal = this.#match(strings) ?? this.#match(numbers) ?? this.#match(regularExpressions);
    if (literal === undefined) return false;
    this.skip(literal.length);
    return true;
  }

  /** Goes behind characters and the space after them. */
  skip(length: number): void {
    this.at += length;
    this.skipSpace();
  }

  skipSpace(): void {
    const space = this.#match(spaces) as string; // also matches nothing
    this.at += space.length;
    this.isNewLine = /[\n\r\u2028\u2029]/.test(space);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    return pattern.exec(this.text)?.[0];
  }
}

const words =
  /#?(?:[\p{ID_Start}$_]|\\u(?:[\da-f]{4}|\{[\da-f]+\}))(?:[\p{ID_Continue}$\u200c\u200d]|\\u(?:[\da-f]{4}|\{[\da-f]+\}))*/iuy;
const numbers = /0[xob][\da-f_]+n?|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:e[+-]?\d[\d_]*)?n?/iy;
const strings = /"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'/y;
const regularExpressions = /\/(?![/*])(?:[^\\/[]|\\.|\[(?:[^\]\\]|\\.)*\])+\/[a-z]*/y;
/** The signs that are one token. The other operators are read as several. */
const signs = /\.\.\.|=>|\?\.(?!\d)|\?\?|\+\+|--/y;
const spaces = /(?:\s|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)*/y;
