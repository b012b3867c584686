/** A line of a value: its text without indent, and the range of that text. */
export interface IniLine {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly indent: string;
}

export interface IniEntry {
  readonly section: string;
  readonly name: string;
  /** The offset of the name. */
  readonly start: number;
  /** The value on the line of the name. */
  readonly first: string;
  /** The indented lines below, without blank lines and comments. */
  readonly lines: readonly IniLine[];
}

/** The entries of a `setup.cfg`, `pytest.ini` or `tox.ini`, split like Python's `configparser` does. */
export function iniEntries(text: string): IniEntry[] {
  const entries: Array<IniEntry & { readonly lines: IniLine[] }> = [];
  let section = "";
  for (const found of text.matchAll(/^\uFEFF?([ \t]*)([^\r\n]*?)[ \t]*\r?$/gm)) {
    const [, indent = "", content = ""] = found;
    if (content === "" || /^[#;]/.test(content)) continue;
    const start = found.index + found[0].indexOf(content, indent.length);
    const last = entries.at(-1);
    if (indent !== "" && last?.section === section) {
      last.lines.push({ text: content, start, end: start + content.length, indent });
      continue;
    }
    const header = /^\[([^\]]+)\]/.exec(content);
    const pair = /^([^=:]+?)[ \t]*[=:][ \t]*(.*)$/.exec(content);
    if (header !== null) section = header[1] ?? "";
    else if (pair !== null)
      entries.push({ section, name: pair[1] ?? "", start, first: pair[2] ?? "", lines: [] });
  }
  return entries;
}
