import { inAsyncFunction, rename } from "../call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type Review, type RuleContext, review, type Verdict } from "../rule.ts";
import { functionAround } from "../source-file.ts";
import { taskScopeVerdict } from "../task-scope/task-scopes.ts";
import { childOf, containsHere, type SyntaxNode } from "../tree.ts";

export const cancelledErrorRule: AsyncioRule = {
  name: "cancelled-error",
  api: "asyncio.CancelledError",
  apis: ["CancelledError"],
  class: "S",
  summary: "caught in an `async def` by a handler that awaits nothing and raises again",
  target: "anyio.get_cancelled_exc_class()",
  apply: applyCancelledError,
};

const awaits: ReadonlySet<string> = new Set(["await"]);
const yields: ReadonlySet<string> = new Set(["yield"]);
const exits: ReadonlySet<string> = new Set(["return_statement", "break_statement", "continue_statement"]);

function applyCancelledError(reference: Reference, context: RuleContext): Verdict {
  const { file } = context;
  const ended = taskScopeVerdict(reference, context);
  if (ended !== undefined) return ended;
  const handler = handlerOf(reference.node);
  if (handler === undefined) {
    return review(
      "The class is not caught here, but raised, compared or named.",
      "`anyio.get_cancelled_exc_class()` returns the class inside a running loop. Never create an instance of it.",
    );
  }
  if (!inAsyncFunction(reference, file)) {
    return review(
      "Outside an `async def`, no loop may be running, and then there is no such class.",
      "Catch it in the coroutine of the task.",
    );
  }
  const owner = functionAround(reference.node);
  if (owner !== undefined && containsHere(owner, yields)) {
    return review(
      "An async generator may be closed where no loop is running.",
      "Use `try … finally` in generators.",
    );
  }
  return (
    reviewHandler(handler, file.text) ?? {
      class: "S",
      edits: [rename(reference, "anyio.get_cancelled_exc_class()")],
      modules: ["anyio"],
    }
  );
}

/** The `except` clause that catches the class, alone or in a tuple. */
function handlerOf(node: SyntaxNode): SyntaxNode | undefined {
  let at = node;
  while (at.parent?.type === "tuple" || at.parent?.type === "parenthesized_expression") at = at.parent;
  if (at.parent?.type === "as_pattern" && at.parent.children[0] === at) at = at.parent;
  return at.parent?.type === "except_clause" && at.field === "value" ? at.parent : undefined;
}

function reviewHandler(handler: SyntaxNode, text: string): Review | undefined {
  const body = handler.children.find((child) => child.type === "block");
  if (body === undefined) return review("The handler has no block.", "Migrate it by hand.");
  if (containsHere(body, awaits)) {
    return review(
      "The handler awaits. In anyio, every await in a cancelled scope raises again.",
      "Wrap the clean-up in `with anyio.CancelScope(shield=True):`.",
    );
  }
  const last = body.children.filter((child) => child.type !== "comment").at(-1);
  if (last?.type !== "raise_statement" || !raisesAgain(last, handler, text) || containsHere(body, exits)) {
    return review(
      "The handler swallows the cancellation. In anyio, the next await raises it again.",
      "Let it propagate, or cancel the other task through a cancel scope of its own.",
    );
  }
  return undefined;
}

/** Whether a statement is `raise`, or `raise e` with the name that the handler binds. */
function raisesAgain(statement: SyntaxNode, handler: SyntaxNode, text: string): boolean {
  const value = statement.children[0];
  if (value === undefined) return true;
  const pattern = childOf(handler, "value");
  const alias = pattern?.type === "as_pattern" ? childOf(pattern, "alias") : undefined;
  if (alias === undefined || statement.children.length > 1) return false;
  return text.slice(value.start, value.end) === text.slice(alias.start, alias.end);
}
