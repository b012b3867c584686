import { functionAround, type SourceFile } from "./source-file.ts";
import { childOf, type SyntaxNode } from "./tree.ts";

/** Whether a node stands in the file's `if __name__ == "__main__"` block, in no function. */
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
 * Whether code is run where no event loop can be: at a module's level, in a program's entry, in a plain test.
 * Elsewhere a thread may have inherited a context that says a loop is running, and `anyio.run` refuses then.
 */
export function isEntry(node: SyntaxNode, file: SourceFile): boolean {
  const around = functionAround(node);
  return around === undefined || isPlainTest(around, file) || isProgramEntry(node, file);
}

/** Whether code is run once, by a program: in its `__main__` block, or in a function that the block calls. */
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
 * A `def test_…` of a test file, at the file's level or in a class, which pytest calls in its main thread.
 * Not in a file that uses anyio already: fixtures of its plugin may keep a loop open around a plain test.
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
