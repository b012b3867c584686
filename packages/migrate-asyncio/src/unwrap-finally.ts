import type { Change } from "@hother/cancelable-migrate/engine";
import type { RuleContext } from "./rule.ts";
import type { SourceFile } from "./source-file.ts";
import { childOf, isInside, type SyntaxNode, walk } from "./tree.ts";

/**
 * The edits that remove a `finally` whose only statement is removed. If the `try` has an `except`, only the clause is
 * removed; otherwise the `try` is removed and its body is dedented. The body may hold no reference but `inside`: the
 * edits of others would not have the new indent.
 */
export function unwrapFinally(
  only: SyntaxNode,
  context: RuleContext,
  inside: SyntaxNode,
): readonly Change[] | undefined {
  const { file } = context;
  const clause = only.parent?.parent;
  const statement = clause?.parent;
  if (clause?.type !== "finally_clause" || statement?.type !== "try_statement") return undefined;
  if (only.parent?.children.length !== 1 || file.indent(clause) === undefined) return undefined;
  const end = file.text.indexOf("\n", only.end);
  if (end < 0 || !/^[ \t\r]*$/.test(file.between(only.end, end))) return undefined;
  if (!/^finally[ \t]*:[ \t\r]*\n[ \t]*$/.test(file.between(clause.start, only.start))) return undefined;
  const close = { start: file.lineStart(clause.start), end: end + 1, text: "" };
  const clauses = statement.children.filter(({ type }) => type.endsWith("_clause"));
  if (clauses.some(({ type }) => type === "except_clause" || type === "except_group_clause")) return [close];
  const body = childOf(statement, "body");
  if (clauses.length !== 1 || body === undefined || file.indent(statement) === undefined) return undefined;
  const outer = file.lineStart(statement.start);
  const head = file.between(statement.start, body.start);
  if (!/^try[ \t]*:[ \t\r]*\n[ \t]*$/.test(head)) return undefined;
  if (context.references.some(({ node }) => node !== inside && isInside(node, body))) return undefined;
  const base = file.between(outer, statement.start);
  const inner = file.between(file.lineStart(body.start), body.start);
  if (!inner.startsWith(base)) return undefined;
  const moved = moveOut(body, close.start, inner.slice(base.length), file);
  return [{ start: outer, end: file.lineStart(body.start), text: "" }, ...moved, close];
}

/** Removes one level of indent from every line of a block, except lines inside strings. */
function moveOut(body: SyntaxNode, end: number, level: string, file: SourceFile): Change[] {
  const strings: SyntaxNode[] = [];
  walk(body, (node) => {
    if (node.type === "string") strings.push(node);
    return undefined;
  });
  const edits: Change[] = [];
  for (let at = file.lineStart(body.start); at < end; at = file.text.indexOf("\n", at) + 1) {
    const quoted = strings.some(({ start, end: last }) => start < at && last > at);
    if (!quoted && file.text.startsWith(level, at))
      edits.push({ start: at, end: at + level.length, text: "" });
  }
  return edits;
}
