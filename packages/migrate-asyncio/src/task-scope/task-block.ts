import { isCaught } from "../caught.ts";
import type { RuleContext } from "../rule.ts";
import { functionAround } from "../source-file.ts";
import { childOf, containsHere, isInside, type SyntaxNode, walk } from "../tree.ts";
import { loopProblem } from "../worker-thread.ts";
import type { StartedTask } from "./started-task.ts";

const leaves: ReadonlySet<string> = new Set([
  "return_statement",
  "break_statement",
  "continue_statement",
  "yield",
]);

/** The reason why statements cannot move into a task group together. */
export function blockProblem(
  statements: readonly SyntaxNode[],
  lasts: readonly SyntaxNode[],
  context: RuleContext,
): string | undefined {
  const { file } = context;
  const first = statements[0] as SyntaxNode;
  const owner = functionAround(first);
  if (isCaught(first, context))
    return "An `except` around it, or around a call of its function, would get an exception group.";
  if (owner !== undefined && containsHere(owner, new Set(["yield"])))
    return "A generator cannot hold a task group.";
  for (const statement of statements) {
    if (file.indent(statement) === undefined) return "Other statements share its line.";
    const result = lasts.includes(statement) && statement.type === "return_statement";
    const inner = nested.has(statement.type);
    if (!result && !inner && containsHere(statement, leaves))
      return "The code beside the task may leave the block early. In asyncio, the task then continues.";
    if (result && statement !== lasts.at(-1)) return "The code beside the task may leave the block early.";
  }
  return swallows(statements, file.text) ? "The code beside the task catches cancellations." : undefined;
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

/** Whether the code beside tasks awaits something, so that the tasks start. */
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

/** The reason why a thread cannot start in a task group. There it starts at the next `await`, so no call before may wait for it. */
export function threadProblem(task: StartedTask, context: RuleContext): string | undefined {
  if (!task.thread) return undefined;
  const { file } = context;
  const problem = loopProblem(context);
  if (problem !== undefined) return problem;
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
  // A call around the `await` runs after it.
  const called = calls.some((call) => awaited === undefined || !isInside(awaited, call));
  return called ? "The code after it may wait for the thread before the next `await`." : undefined;
}
