import { inAsyncFunction, rename } from "../call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type Review, type RuleContext, review, type Verdict } from "../rule.ts";
import { functionAround, type SourceFile } from "../source-file.ts";
import { taskScopeVerdict } from "../task-scope/task-scopes.ts";
import { childOf, containsHere, type SyntaxNode } from "../tree.ts";

export const cancelledErrorRule: AsyncioRule = {
  name: "cancelled-error",
  api: "asyncio.CancelledError",
  apis: ["CancelledError"],
  class: "R",
  summary:
    "caught in an `async def` by a handler that awaits nothing and raises again, if no handler around it catches GeneratorExit or all exceptions",
  target: "anyio.get_cancelled_exc_class()",
  change:
    "The class is looked up whenever an exception passes the handler. Without a running loop, as when a coroutine is closed after its loop, the lookup raises `NoEventLoopError`.",
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
  if (hasBroadHandler(handler, file)) {
    return review(
      "The class is looked up whenever an exception passes the handler. If a coroutine is closed without a running loop, the lookup raises `NoEventLoopError`: handlers below are skipped, and handlers around it catch that error.",
      "Move the handler into a `try` of its own, around the code that is cancelled.",
    );
  }
  return (
    reviewHandler(handler, file.text) ?? {
      class: "R",
      edits: [rename(reference, "anyio.get_cancelled_exc_class()")],
      modules: ["anyio"],
    }
  );
}

/** Whether a later handler of the same `try`, or one around it in the same function, catches other exceptions too. */
function hasBroadHandler(handler: SyntaxNode, file: SourceFile): boolean {
  for (let at: SyntaxNode = handler; at.parent !== undefined; at = at.parent) {
    const { parent } = at;
    if (parent.type === "function_definition" || parent.type === "lambda") return false;
    if (parent.type !== "try_statement" || (at !== handler && at.field !== "body")) continue;
    const others = parent.children.filter(
      ({ type, start }) => type === "except_clause" && (at !== handler || start > handler.start),
    );
    // A handler around it also catches the error of the lookup itself.
    const broad = at === handler ? closing : catchAll;
    if (others.some((clause) => broad.test(caughtText(clause, file)))) return true;
  }
  return false;
}

/** Classes of handlers that catch GeneratorExit, which closes a coroutine; a bare `except` has none. */
const closing = /^$|\b(BaseException|GeneratorExit)\b/;
const catchAll = /^$|\b(BaseException|GeneratorExit|Exception|RuntimeError)\b/;

function caughtText(clause: SyntaxNode, file: SourceFile): string {
  const value = childOf(clause, "value") ?? clause.children.find(({ type }) => type !== "block");
  return value === undefined ? "" : file.of(value);
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
