import { awaitOf } from "../call.ts";
import type { Reference } from "../references.ts";
import type { RuleContext } from "../rule.ts";
import { argumentsOf, statementAround } from "../source-file.ts";
import { childOf, containsHere, isInside, type SyntaxNode, walk } from "../tree.ts";

/** `task.cancel()`, and the `await` of the task that ignores the cancellation. */
export interface CancelledTask {
  readonly cancel: SyntaxNode;
  /** The `try` or `with` around the `await`. */
  readonly waits: SyntaxNode;
  /** The CancelledError that it catches. */
  readonly caught: Reference;
}

/**
 * The two uses of a task that is cancelled and then awaited:
 *
 *     task.cancel()
 *     try:                               or    with suppress(asyncio.CancelledError):
 *         await task                               await task
 *     except asyncio.CancelledError:
 *         pass
 */
export function cancelledTask(uses: readonly SyntaxNode[], context: RuleContext): CancelledTask | undefined {
  const [first, second] = uses;
  if (first === undefined || second === undefined || uses.length !== 2) return undefined;
  const { file } = context;
  const member = first.parent;
  const call = member?.parent;
  const cancel = statementAround(first);
  if (member?.type !== "attribute" || file.of(member) !== `${file.of(first)}.cancel`) return undefined;
  if (call?.type !== "call" || argumentsOf(call)?.length !== 0 || call.parent !== cancel) return undefined;
  if (cancel?.type !== "expression_statement") return undefined;
  const awaited = awaitOf(second);
  const block = awaited?.parent?.type === "expression_statement" ? awaited.parent.parent : undefined;
  const waits = block?.parent;
  if (block?.children.length !== 1 || block.field !== "body" || waits === undefined) return undefined;
  const caught = context.references.find(
    ({ api, node }) => api === "CancelledError" && isInside(node, waits),
  );
  if (caught === undefined || waits.parent !== cancel.parent || file.of(waits).includes("#"))
    return undefined;
  const quiet = waits.type === "try_statement" ? passes(waits, caught) : suppresses(waits, caught, context);
  return quiet ? { cancel, waits, caught } : undefined;
}

/** Whether the only clause is `except asyncio.CancelledError: pass`. */
function passes(statement: SyntaxNode, caught: Reference): boolean {
  const clauses = statement.children.filter(({ type }) => type.endsWith("_clause"));
  const [clause] = clauses;
  const body = clause?.children.find(({ type }) => type === "block");
  return (
    clauses.length === 1 &&
    clause?.type === "except_clause" &&
    caught.node.parent === clause &&
    body?.children.length === 1 &&
    body.children[0]?.type === "pass_statement"
  );
}

/** Whether the only item is `contextlib.suppress(asyncio.CancelledError)`. */
function suppresses(statement: SyntaxNode, caught: Reference, { file }: RuleContext): boolean {
  const items = statement.children.find(({ type }) => type === "with_clause")?.children ?? [];
  const call = items[0]?.children[0];
  const callee = call?.type === "call" ? childOf(call, "function") : undefined;
  if (items.length !== 1 || callee === undefined || file.text.startsWith("async", statement.start))
    return false;
  const all = call && argumentsOf(call);
  return /^(contextlib\.)?suppress$/.test(file.of(callee)) && all?.length === 1 && all[0] === caught.node;
}

/**
 * Whether a function has clean-up code that a cancelled scope would cut short. In a cancelled scope every `await`
 * raises again; a task of asyncio is interrupted once.
 */
export function cleansUp(definition: SyntaxNode, text: string): boolean {
  const body = childOf(definition, "body") ?? definition;
  let found = false;
  walk(body, (node) => {
    if (node.type === "finally_clause" && containsHere(node, new Set(["await"]))) found = true;
    if (node.type === "except_clause") {
      const value = childOf(node, "value") ?? node.children.find(({ type }) => type !== "block");
      if (value === undefined || /BaseException|Cancel/.test(text.slice(value.start, value.end)))
        found = true;
    }
    if (node.type === "with_statement" && text.startsWith("async", node.start)) found = true;
    return !found;
  });
  return found;
}
