import { createRequire } from "node:module";
import { Language, Parser, type TreeCursor } from "web-tree-sitter";
import type { SyntaxNode } from "./tree.ts";

/** Parses Python text into plain nodes; null when the text does not parse. */
export type Parse = (text: string) => SyntaxNode | null;

let loading: Promise<Parse> | undefined;

/** Loads the grammar once per process. */
export function loadParser(): Promise<Parse> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Parse> {
  await Parser.init();
  const { resolve } = createRequire(import.meta.url);
  const language = await Language.load(resolve("tree-sitter-python/tree-sitter-python.wasm"));
  const parser = new Parser();
  parser.setLanguage(language);
  const kinds = kindsOf(language);
  const fields = language.fields;
  return (text) => {
    const tree = parser.parse(text);
    if (tree === null) return null;
    try {
      return tree.rootNode.hasError ? null : copy(tree.walk(), kinds, fields);
    } finally {
      tree.delete();
    }
  };
}

/** What the copy needs to know of a node type, by the grammar's number. */
interface Kind {
  readonly name: string;
  readonly named: boolean;
  /** Never has named children, so the copy need not ask. */
  readonly leaf: boolean;
}

const leaves: ReadonlySet<string> = new Set([
  "identifier",
  "integer",
  "float",
  "comment",
  "string_start",
  "string_end",
]);

function kindsOf(language: Language): readonly Kind[] {
  return Array.from({ length: language.nodeTypeCount }, (_, id) => {
    const name = language.nodeTypeForId(id) ?? "ERROR";
    const named = language.nodeTypeIsNamed(id);
    return { name, named, leaf: !named || leaves.has(name) };
  });
}

/**
 * Copies the named nodes below the cursor, once: each question to the parser's own objects is a call into
 * its memory, and each of our nodes is asked many times.
 */
function copy(cursor: TreeCursor, kinds: readonly Kind[], fields: readonly (string | null)[]): SyntaxNode {
  const root: SyntaxNode = {
    type: "module",
    field: "",
    start: cursor.startIndex,
    end: cursor.endIndex,
    parent: undefined,
    children: [],
  };
  let parent = root;
  if (!cursor.gotoFirstChild()) return root;
  for (;;) {
    const kind = kinds[cursor.nodeTypeId] as Kind;
    if (kind.named) {
      const node: SyntaxNode = {
        type: kind.name,
        field: fields[cursor.currentFieldId] ?? "",
        start: cursor.startIndex,
        end: cursor.endIndex,
        parent,
        children: [],
      };
      parent.children.push(node);
      if (!kind.leaf && cursor.gotoFirstChild()) {
        parent = node;
        continue;
      }
    }
    while (!cursor.gotoNextSibling()) {
      if (!cursor.gotoParent() || parent.parent === undefined) {
        cursor.delete();
        return root;
      }
      parent = parent.parent;
    }
  }
}
