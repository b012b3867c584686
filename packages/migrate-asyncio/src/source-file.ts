import { childOf, type SyntaxNode } from "./tree.ts";

/** Simple statements. Only these are moved under a `with`. */
const simpleStatements: ReadonlySet<string> = new Set([
  "expression_statement",
  "return_statement",
  "assert_statement",
  "raise_statement",
  "import_statement",
  "import_from_statement",
  "delete_statement",
]);

/** The text of a Python file, with questions about its layout. */
export class SourceFile {
  readonly path: string;
  readonly text: string;
  readonly root: SyntaxNode;
  /** The first line end of the file. */
  readonly eol: string;

  constructor(path: string, text: string, root: SyntaxNode) {
    this.path = path;
    this.text = text;
    this.root = root;
    const newline = text.indexOf("\n");
    this.eol = newline > 0 && text[newline - 1] === "\r" ? "\r\n" : "\n";
  }

  of(node: SyntaxNode): string {
    return this.text.slice(node.start, node.end);
  }

  between(start: number, end: number): string {
    return this.text.slice(start, end);
  }

  lineStart(offset: number): number {
    return this.text.lastIndexOf("\n", offset - 1) + 1;
  }

  /** The offset of the line's end, before its line break. */
  lineEnd(offset: number): number {
    const newline = this.text.indexOf("\n", offset);
    if (newline < 0) return this.text.length;
    return this.text[newline - 1] === "\r" && newline > offset ? newline - 1 : newline;
  }

  /** The white space before a statement; undefined if other code stands before it on the line. */
  indent(node: SyntaxNode): string | undefined {
    const before = this.text.slice(this.lineStart(node.start), node.start).replace(/^\uFEFF/, "");
    return /^[ \t\f]*$/.test(before) ? before : undefined;
  }

  /** One level more than `indent`. */
  deeper(indent: string): string {
    return indent.includes("\t") ? `${indent}\t` : `${indent}    `;
  }

  /** Whether a statement shares its lines with nothing but a comment. */
  standsAlone(node: SyntaxNode): boolean {
    const rest = this.text.slice(node.end, this.lineEnd(node.end));
    return this.indent(node) !== undefined && /^[ \t]*(#.*)?$/.test(rest);
  }

  /** The simple statement around a node, if the statement stands alone on its lines. */
  statementOf(node: SyntaxNode): SyntaxNode | undefined {
    const statement = statementAround(node);
    if (statement === undefined || !simpleStatements.has(statement.type)) return undefined;
    return this.standsAlone(statement) ? statement : undefined;
  }
}

const blocks: ReadonlySet<string> = new Set(["block", "module"]);

/** The statement around a node, simple or compound. */
export function statementAround(node: SyntaxNode): SyntaxNode | undefined {
  let at: SyntaxNode | undefined = node;
  while (at?.parent !== undefined && !blocks.has(at.parent.type)) at = at.parent;
  return at?.parent === undefined ? undefined : at;
}

/** The arguments of a call, without comments; undefined if the argument is a generator without brackets. */
export function argumentsOf(call: SyntaxNode): readonly SyntaxNode[] | undefined {
  const list = childOf(call, "arguments");
  if (list?.type !== "argument_list") return undefined;
  return list.children.filter((child) => child.type !== "comment" && child.type !== "line_continuation");
}

/** The positional arguments in order, and the keyword arguments by name. */
export interface Arguments {
  readonly positional: readonly SyntaxNode[];
  readonly keywords: ReadonlyMap<string, SyntaxNode>;
}

export function plainArguments(call: SyntaxNode, file: SourceFile): Arguments | undefined {
  const all = argumentsOf(call);
  if (all === undefined) return undefined;
  const positional: SyntaxNode[] = [];
  const keywords = new Map<string, SyntaxNode>();
  for (const argument of all) {
    if (argument.type === "list_splat" || argument.type === "dictionary_splat") return undefined;
    if (argument.type === "keyword_argument") {
      const name = childOf(argument, "name");
      const value = childOf(argument, "value");
      if (name === undefined || value === undefined) return undefined;
      keywords.set(file.of(name), value);
    } else positional.push(argument);
  }
  return { positional, keywords };
}

/** The function whose body holds a node. Decorators, defaults and annotations are outside the body. */
export function functionAround(node: SyntaxNode): SyntaxNode | undefined {
  for (let at: SyntaxNode = node; at.parent !== undefined; at = at.parent) {
    if (at.field !== "body") continue;
    if (at.parent.type === "function_definition" || at.parent.type === "lambda") return at.parent;
    if (at.parent.type === "class_definition") return undefined;
  }
  return undefined;
}

export function isAsyncFunction(node: SyntaxNode | undefined, file: SourceFile): node is SyntaxNode {
  return node?.type === "function_definition" && file.text.startsWith("async", node.start);
}
