import { isCaught } from "../caught.ts";
import type { RuleContext } from "../rule.ts";
import { functionAround } from "../source-file.ts";
import { childOf, containsHere, isInside, type SyntaxNode, walk } from "../tree.ts";
import type { StartedTask } from "./started-task.ts";

const leaves: ReadonlySet<string> = new Set([
  "return_statement",
  "break_statement",
  "continue_statement",
  "yield",
]);

/** Why statements cannot move into a task group together. */
export function blockProblem(
  statements: readonly SyntaxNode[],
  lasts: readonly SyntaxNode[],
  context: RuleContext,
): string | undefined {
  const { file } = context;
  const first = statements[0] as SyntaxNode;
  const owner = functionAround(first);
  if (isCaught(first, context))
    return "an `except` around it, or around a call of its function, would meet an exception group";
  if (owner !== undefined && containsHere(owner, new Set(["yield"])))
    return "a generator cannot hold a task group";
  for (const statement of statements) {
    if (file.indent(statement) === undefined) return "other statements share its line";
    const result = lasts.includes(statement) && statement.type === "return_statement";
    const inner = nested.has(statement.type);
    if (!result && !inner && containsHere(statement, leaves))
      return "the code beside the task may leave the block early, and the task would go on in asyncio";
    if (result && statement !== lasts.at(-1)) return "the code beside the task may leave the block early";
  }
  return swallows(statements, file.text) ? "the code beside the task catches cancellations" : undefined;
}

function swallows(statements: readonly SyntaxNode[], text: string): boolean {
  let found = false;
  for (const statement of statements) {
    walk(statement, (node) => {
      if (nested.has(node.type)) return false;
      if (node.type !== "except_clause") return undefined;
      const value = childOf(node, "value") ?? node.children.find(({ type }) => type !== "block");
      if (value === undefined || /BaseException|Cancel/.test(text.slice(value.start, value.end)))
        found = true;
      return undefined;
    });
  }
  return found;
}

/** Whether the code that runs beside tasks waits for anything, so that they get their turn. */
export function lets(statements: readonly SyntaxNode[]): boolean {
  return statements.some(
    (statement) => !nested.has(statement.type) && containsHere(statement, new Set(["await"])),
  );
}

const nested: ReadonlySet<string> = new Set([
  "function_definition",
  "decorated_definition",
  "class_definition",
  "lambda",
]);
const quiet: ReadonlySet<string> = new Set(["range", "len", "enumerate", "zip"]);

/** A thread starts with the next `await`, not at once: nothing may be called in between that could wait for it. */
export function threadProblem(task: StartedTask, { file }: RuleContext): string | undefined {
  if (!task.thread) return undefined;
  let awaited: SyntaxNode | undefined;
  const calls: SyntaxNode[] = [];
  const after = task.first.parent?.children.filter(({ start }) => start > task.first.end) ?? [];
  for (const statement of after) {
    walk(statement, (node) => {
      if (awaited !== undefined || nested.has(node.type)) return false;
      if (node.type === "await") awaited = node;
      if (node.type === "call" && !quiet.has(file.of(childOf(node, "function") ?? node))) calls.push(node);
      return awaited === undefined;
    });
    if (awaited !== undefined) break;
  }
  // A call around the `await` comes after it.
  const called = calls.some((call) => awaited === undefined || !isInside(awaited, call));
  return called ? "the code after it may wait for the thread before the next `await`" : undefined;
}
