import { parseTOML } from "toml-eslint-parser";
import type { LiteralList } from "./list.ts";

type Table = ReturnType<typeof parseTOML>["body"][0]["body"][number];
type KeyValue = Extract<Table, { type: "TOMLKeyValue" }>;
type Value = KeyValue["value"];

/** A key with its value: in a table, as a dotted key, or in an inline table. */
export interface TomlEntry {
  /** The full path, without the indexes of arrays of tables. */
  readonly path: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly value: Value;
  /** Whether the key is dotted or in an inline table, so that no line can be added beside it. */
  readonly isInline: boolean;
}

export interface TomlTable {
  readonly path: readonly string[];
  readonly start: number;
  /** The end of the last entry, or of the header. */
  readonly end: number;
}

/** The tables and entries of a TOML text, with offsets. The constructor throws if the text does not parse. */
export class TomlDocument {
  readonly entries: readonly TomlEntry[];
  readonly tables: readonly TomlTable[];

  constructor(text: string) {
    // The parser rejects a byte order mark; a space in its place keeps the offsets.
    const [top] = parseTOML(text.replace(/^\uFEFF/, " ")).body;
    const entries: TomlEntry[] = [];
    const tables: TomlTable[] = [];
    for (const node of top.body) {
      if (node.type === "TOMLKeyValue") add(entries, [], node, false);
      else {
        const path = node.resolvedKey.filter((part) => typeof part === "string");
        for (const each of node.body) add(entries, path, each, false);
        // The header of a table ends at the bracket after the key.
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

/** The text of a string value, or the lines of an array of strings. */
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
