import { createRequire } from "node:module";
import { Language, Parser, type TreeCursor } from "web-tree-sitter";
import type { SyntaxNode } from "./tree.ts";

/** Parses Python text into plain nodes; null if the text does not parse. */
export type Parse = (text: string) => SyntaxNode | null;

let loading: Promise<Parse> | undefined;

/** Loads the grammar once per process. */
export function loadParser(): Promise<Parse> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Parse> {
  await Parser.init();
  const require = createRequire(import.meta.url);
  const language = await Language.load(require.resolve("tree-sitter-python/tree-sitter-python.wasm"));
  const parser = new Parser();
  parser.setLanguage(language);
  const kinds = kindsOf(language, require("tree-sitter-python/src/node-types.json"));
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

/** A row of the grammar's `node-types.json`. */
interface NodeType {
  readonly type: string;
  readonly named: boolean;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly children?: unknown;
}

/** The facts about a node type that the copy needs, indexed by the type's number. */
interface Kind {
  readonly name: string;
  readonly named: boolean;
  /** Whether the type never has named children. */
  readonly leaf: boolean;
  /** Whether children of the type can have field names. */
  readonly fields: boolean;
}

function kindsOf(language: Language, nodeTypes: readonly NodeType[]): readonly Kind[] {
  const types = new Map(nodeTypes.filter((type) => type.named).map((type) => [type.type, type]));
  return Array.from({ length: language.nodeTypeCount }, (_, id) => {
    const name = language.nodeTypeForId(id) ?? "ERROR";
    const type = types.get(name);
    const fields = type?.fields === undefined || Object.keys(type.fields).length > 0;
    const named = language.nodeTypeIsNamed(id);
    return { name, named, leaf: !named || (type !== undefined && !type.children && isEmpty(type)), fields };
  });
}

function isEmpty({ fields }: NodeType): boolean {
  return fields === undefined || Object.keys(fields).length === 0;
}

/** The shared empty list of children. Half of all nodes are leaves. */
const none: SyntaxNode[] = [];

/**
 * Copies the named nodes below the cursor into plain objects. Reading a property of the parser's own nodes is a call
 * into WebAssembly, and the rules read each node many times.
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
  // Whether children of the parent can have field names. Without this check, most calls would ask for field names.
  let asks = false;
  const asked: boolean[] = [];
  if (!cursor.gotoFirstChild()) return root;
  for (;;) {
    const kind = kinds[cursor.nodeTypeId] as Kind;
    if (kind.named) {
      const node: SyntaxNode = {
        type: kind.name,
        field: asks ? (fields[cursor.currentFieldId] ?? "") : "",
        start: cursor.startIndex,
        end: cursor.endIndex,
        parent,
        children: kind.leaf ? none : [],
      };
      parent.children.push(node);
      if (!kind.leaf && cursor.gotoFirstChild()) {
        parent = node;
        asked.push(asks);
        asks = kind.fields;
        continue;
      }
    }
    while (!cursor.gotoNextSibling()) {
      if (!cursor.gotoParent() || parent.parent === undefined) {
        cursor.delete();
        return root;
      }
      parent = parent.parent;
      asks = asked.pop() === true;
    }
  }
}
