/** A literal list of strings in a text, from `[` to `]`, comments allowed; undefined for anything else. */
export interface LiteralList {
  readonly items: readonly { readonly start: number; readonly end: number; readonly value: string }[];
  /** Offset after `[`. */
  readonly open: number;
}

/** Reads the list that opens at `offset` (`[`, or `(` in Python). */
export function readList(text: string, offset: number): LiteralList | undefined {
  const close = text[offset] === "[" ? "]" : ")";
  const items: { start: number; end: number; value: string }[] = [];
  const token = /\s+|#[^\n]*|,|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[\])]/y;
  token.lastIndex = offset + 1;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [piece] = found;
    if (piece === close) return { items, open: offset + 1 };
    if (piece === "]" || piece === ")") return undefined;
    if (/^["']/.test(piece)) {
      items.push({ start: found.index, end: token.lastIndex, value: piece.slice(1, -1) });
    }
  }
  return undefined;
}

/** The edit that adds an item at the list's end, in the layout of the last one; undefined if it is there. */
export function addItem(
  text: string,
  list: LiteralList,
  requirement: string,
): { start: number; end: number; text: string } | undefined {
  if (list.items.some(({ value }) => /^anyio\b/i.test(value))) return undefined;
  const last = list.items.at(-1);
  if (last === undefined) return { start: list.open, end: list.open, text: `"${requirement}"` };
  const quote = text[last.start] ?? '"';
  const before = text.slice(text.lastIndexOf("\n", last.start - 1) + 1, last.start);
  const ownLine = /^[ \t]*$/.test(before);
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const gap = ownLine ? eol + before : " ";
  return { start: last.end, end: last.end, text: `,${gap}${quote}${requirement}${quote}` };
}
