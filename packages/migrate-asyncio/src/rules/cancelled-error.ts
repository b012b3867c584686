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
      "it is not caught here but raised, compared or named",
      "`anyio.get_cancelled_exc_class()` gives the class inside a running loop; never make an instance of it",
    );
  }
  if (!inAsyncFunction(reference, file)) {
    return review(
      "outside an `async def` there may be no running loop to ask for the class",
      "catch it where the task runs",
    );
  }
  const owner = functionAround(reference.node);
  if (owner !== undefined && containsHere(owner, yields)) {
    return review("an async generator may be closed where no loop runs", "use `try … finally` in generators");
  }
  return (
    reviewHandler(handler, file.text) ?? {
      class: "S",
      edits: [rename(reference, "anyio.get_cancelled_exc_class()")],
      modules: ["anyio"],
    }
  );
}

/** The `except` clause whose classes the node is, alone or in a tuple. */
function handlerOf(node: SyntaxNode): SyntaxNode | undefined {
  let at = node;
  while (at.parent?.type === "tuple" || at.parent?.type === "parenthesized_expression") at = at.parent;
  if (at.parent?.type === "as_pattern" && at.parent.children[0] === at) at = at.parent;
  return at.parent?.type === "except_clause" && at.field === "value" ? at.parent : undefined;
}

function reviewHandler(handler: SyntaxNode, text: string): Review | undefined {
  const body = handler.children.find((child) => child.type === "block");
  if (body === undefined) return review("the handler cannot be read", "migrate it by hand");
  if (containsHere(body, awaits)) {
    return review(
      "the handler awaits; under anyio every await in a cancelled scope raises again",
      "wrap the clean-up in `with anyio.CancelScope(shield=True):`",
    );
  }
  const last = body.children.filter((child) => child.type !== "comment").at(-1);
  if (last?.type !== "raise_statement" || !raisesAgain(last, handler, text) || containsHere(body, exits)) {
    return review(
      "the handler swallows the cancellation; under anyio the next await raises it again",
      "let it pass, or cancel the other task through its own cancel scope",
    );
  }
  return undefined;
}

/** `raise`, or `raise e` with the name that the handler bound. */
function raisesAgain(statement: SyntaxNode, handler: SyntaxNode, text: string): boolean {
  const value = statement.children[0];
  if (value === undefined) return true;
  const pattern = childOf(handler, "value");
  const alias = pattern?.type === "as_pattern" ? childOf(pattern, "alias") : undefined;
  if (alias === undefined || statement.children.length > 1) return false;
  return text.slice(value.start, value.end) === text.slice(alias.start, alias.end);
}
