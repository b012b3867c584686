import { parseTOML } from "toml-eslint-parser";
import type { LiteralList } from "./list.ts";

type Table = ReturnType<typeof parseTOML>["body"][0]["body"][number];
type KeyValue = Extract<Table, { type: "TOMLKeyValue" }>;
type Value = KeyValue["value"];

/** A key with its value, wherever it is written: in a table, with dots, or in an inline table. */
export interface TomlEntry {
  /** From the top, with the numbers of arrays of tables left out. */
  readonly path: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly value: Value;
  /** In an inline table or with dots; lines cannot be added beside it. */
  readonly isInline: boolean;
}

export interface TomlTable {
  readonly path: readonly string[];
  readonly start: number;
  /** The end of its last line of content, or of its header. */
  readonly end: number;
}

/** A TOML text by the offsets of its parts; anything that does not parse throws. */
export class TomlDocument {
  readonly entries: readonly TomlEntry[];
  readonly tables: readonly TomlTable[];

  constructor(text: string) {
    // The parser does not know byte order marks; with a blank in its place all offsets hold.
    const [top] = parseTOML(text.replace(/^\uFEFF/, " ")).body;
    const entries: TomlEntry[] = [];
    const tables: TomlTable[] = [];
    for (const node of top.body) {
      if (node.type === "TOMLKeyValue") add(entries, [], node, false);
      else {
        const path = node.resolvedKey.filter((part) => typeof part === "string");
        for (const each of node.body) add(entries, path, each, false);
        // The bracket after the key; the parser's range of an empty table ends there, too.
        const header = text.indexOf("]", node.key.range[1]) + 1;
        tables.push({ path, start: node.range[0], end: node.body.at(-1)?.range[1] ?? header });
      }
    }
    this.entries = entries;
    this.tables = tables;
  }

  entry(path: string): TomlEntry | undefined {
    return this.entries.find((each) => each.path.join(".") === path);
  }

  table(path: string): TomlTable | undefined {
    return this.tables.find((each) => each.path.join(".") === path);
  }
}

function add(entries: TomlEntry[], above: readonly string[], node: KeyValue, inside: boolean): void {
  const keys = node.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value));
  const path = [...above, ...keys];
  const isInline = inside || keys.length > 1;
  entries.push({ path, start: node.range[0], end: node.range[1], value: node.value, isInline });
  if (node.value.type === "TOMLInlineTable")
    for (const each of node.value.body) add(entries, path, each, true);
}

/** The string that a value is, or the strings of an array line by line. */
export function textOf(value: Value): string | undefined {
  if (value.type === "TOMLArray") return value.elements.map((each) => textOf(each) ?? "").join("\n");
  return value.type === "TOMLValue" && value.kind === "string" ? value.value : undefined;
}

export function listOf(value: Value): LiteralList | undefined {
  if (value.type !== "TOMLArray") return undefined;
  const items = value.elements.map((each) => {
    const text = each.type === "TOMLValue" ? textOf(each) : undefined;
    const [start, end] = each.range;
    return { start, end, ...(text !== undefined && { value: text }) };
  });
  return { open: value.range[0] + 1, items };
}
