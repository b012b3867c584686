import { functionAround, type SourceFile } from "./source-file.ts";
import { childOf, type SyntaxNode } from "./tree.ts";

/** Whether a node stands in the `if __name__ == "__main__"` block of the file, outside any function. */
export function isMainGuarded(node: SyntaxNode, file: SourceFile): boolean {
  for (let at: SyntaxNode = node; at.parent !== undefined; at = at.parent) {
    if (at.parent.type === "function_definition" || at.parent.type === "class_definition") return false;
    if (at.parent.type === "if_statement" && isMainTest(at.parent, file) && at.field === "consequence")
      return true;
  }
  return false;
}

function isMainTest(statement: SyntaxNode, file: SourceFile): boolean {
  const condition = childOf(statement, "condition");
  return condition !== undefined && /^__name__\s*==\s*["']__main__["']$/.test(file.of(condition));
}

/**
 * Whether code runs where no event loop can be running: at module level, in the entry of a program, or in a
 * synchronous test. Elsewhere, a thread may have inherited a context in which a loop is running; `anyio.run`
 * refuses to start there.
 */
export function isEntry(node: SyntaxNode, file: SourceFile): boolean {
  const around = functionAround(node);
  return around === undefined || isPlainTest(around, file) || isProgramEntry(node, file);
}

/** Whether code runs once per program: in the `__main__` block, or in a function that the block calls. */
export function isProgramEntry(node: SyntaxNode, file: SourceFile): boolean {
  const around = functionAround(node);
  if (around === undefined) return isMainGuarded(node, file);
  if (/(^|[\\/])__main__\.py$|(^|[\\/])(examples?|scripts?)[\\/]/.test(file.path)) return true;
  const name = childOf(around, "name");
  if (name === undefined) return false;
  const block = /^if\s+__name__\s*==\s*["']__main__["'][^]*/m.exec(file.text)?.[0];
  return block !== undefined && new RegExp(`\\b${file.of(name)}\\(`).test(block);
}

/**
 * Whether a function is a synchronous `def test_…` at the top of a test file or in a test class. pytest calls it in
 * the main thread. Files that already use anyio are excluded: fixtures of its plugin may keep a loop open around
 * a synchronous test.
 */
function isPlainTest(definition: SyntaxNode, file: SourceFile): boolean {
  const name = childOf(definition, "name");
  if (definition.type !== "function_definition" || name === undefined) return false;
  if (!file.of(name).startsWith("test_") || file.text.startsWith("async", definition.start)) return false;
  if (
    !/(^|[\\/])(test_[^\\/]*|[^\\/]*_test)\.py$/.test(file.path) ||
    /^\s*(import|from) anyio\b/m.test(file.text)
  )
    return false;
  const above =
    definition.parent?.type === "decorated_definition" ? definition.parent.parent : definition.parent;
  return above?.type === "module" || above?.parent?.type === "class_definition";
}
