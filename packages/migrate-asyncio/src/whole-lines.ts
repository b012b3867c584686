import type { Change } from "@hother/cancelable-migrate/engine";
import type { SourceFile } from "./source-file.ts";
import type { SyntaxNode } from "./tree.ts";

/** The edit that removes the lines of a simple statement; undefined if other code shares them or the block would be empty. */
export function removeStatement(file: SourceFile, statement: SyntaxNode): Change | undefined {
  const siblings = statement.parent?.children.filter(({ type }) => type !== "comment") ?? [];
  return siblings.length > 1 ? removeLines(file, statement) : undefined;
}

/** The edit that removes the lines of a node; undefined if other code or a comment shares them. */
export function removeLines(file: SourceFile, node: SyntaxNode): Change | undefined {
  const newline = file.text.indexOf("\n", node.end);
  if (newline < 0 || file.indent(node) === undefined) return undefined;
  if (!/^[ \t\r]*$/.test(file.between(node.end, newline))) return undefined;
  const start = file.lineStart(node.start);
  // Of the blank lines around the node, those after it go too.
  const blank = /\n[ \t]*\r?\n$/.test(file.between(0, start).slice(-200))
    ? /^(?:[ \t]*\r?\n)+/.exec(file.between(newline + 1, newline + 201))
    : null;
  return { start, end: newline + 1 + (blank?.[0].length ?? 0), text: "" };
}
