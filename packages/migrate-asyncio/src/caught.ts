import type { RuleContext } from "./rule.ts";
import { functionAround, type SourceFile } from "./source-file.ts";
import { childOf, type SyntaxNode, walk } from "./tree.ts";

/**
 * Whether an `except` or `pytest.raises` of this file may catch an exception raised here, but not the exception
 * group that a task group raises. The search covers the handlers around the place and, step by step, around the
 * callers of its function.
 */
export function isCaught(place: SyntaxNode, context: RuleContext): boolean {
  const { file } = context;
  if (handlersAround(place, file).length > 0) return true;
  const seen = new Set<string>();
  const pending = [nameAround(place, file)];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const site of mentions(name, context)) {
      if (handlersAround(site, file).some((handler) => !meetsGroups(handler))) return true;
      const caller = nameAround(site, file);
      if (caller !== undefined) pending.push(caller);
    }
  }
  return false;
}

/** The text of the caught classes of all handlers around a place in its function; `""` for a bare `except`. */
function handlersAround(place: SyntaxNode, file: SourceFile): string[] {
  const found: string[] = [];
  for (let at = place; at.parent !== undefined; at = at.parent) {
    const parent = at.parent;
    if (parent.type === "function_definition") return found;
    if (parent.type === "try_statement" && at.field === "body") {
      for (const clause of parent.children.filter(({ type }) => type === "except_clause")) {
        const value = childOf(clause, "value") ?? clause.children.find(({ type }) => type !== "block");
        found.push(value === undefined ? "" : file.of(value));
      }
    }
    if (parent.type === "with_statement") {
      const clause = parent.children.find((child) => child.type === "with_clause");
      const text = clause === undefined ? "" : file.of(clause);
      if (/raises|suppress|assertRaises|warns/.test(text)) found.push(text);
    }
  }
  return found;
}

/** Whether a handler also catches groups, or only exceptions that never come in a group. */
function meetsGroups(handler: string): boolean {
  return /^(|(\w+\.)?(Base)?Exception(Group)?|KeyboardInterrupt|(\w+\.)*CancelledError)(\s+as\s+\w+)?$/.test(
    handler,
  );
}

function nameAround(place: SyntaxNode, file: SourceFile): string | undefined {
  let around = functionAround(place);
  while (around?.type === "lambda") around = functionAround(around);
  const name = around && childOf(around, "name");
  return name && file.of(name);
}

/** Every place that names a function: as a plain name, or as an attribute of any object. */
function mentions(name: string, { file, scopes }: RuleContext): SyntaxNode[] {
  const found = (scopes.occurrences.get(name) ?? []).map(({ node }) => node);
  walk(file.root, (node) => {
    const attribute = node.type === "attribute" ? childOf(node, "attribute") : undefined;
    if (attribute !== undefined && file.of(attribute) === name) found.push(node);
    return undefined;
  });
  return found;
}
