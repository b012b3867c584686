import { awaitOf } from "../call.ts";
import { isCoroutineCall } from "../coroutine-call.ts";
import type { Reference } from "../references.ts";
import type { RuleContext, Verdict } from "../rule.ts";
import { argumentsOf, statementAround } from "../source-file.ts";
import { childOf, type SyntaxNode } from "../tree.ts";

/** The verdict on `t = create_task(f())` if the next statement is the only use: `await t`. */
export function awaitDirectly(
  call: SyntaxNode,
  reference: Reference,
  context: RuleContext,
): Verdict | undefined {
  const { file, scopes } = context;
  const target = call.parent && childOf(call.parent, "left");
  const first = statementAround(call);
  const coroutine = argumentsOf(call)?.[0];
  if (
    target === undefined ||
    first === undefined ||
    coroutine?.type !== "call" ||
    argumentsOf(call)?.length !== 1
  )
    return undefined;
  const name = file.of(target);
  const scope = reference.scope;
  const uses = (scopes.occurrences.get(name) ?? []).filter((at) => at.scope.find(name) === scope.find(name));
  const [use] = uses;
  if (
    scope.kind !== "function" ||
    scope.bindings.get(name)?.length !== 1 ||
    uses.length !== 1 ||
    use === undefined
  )
    return undefined;
  const awaited = awaitOf(use.node);
  const second = statementAround(use.node);
  const next = first.parent?.children[first.parent.children.indexOf(first) + 1];
  if (awaited === undefined || second === undefined || next !== second || !file.standsAlone(first))
    return undefined;
  const direct =
    awaited.parent === second || (awaited.parent?.type === "assignment" && awaited.parent.parent === second);
  if (!direct || !["expression_statement", "return_statement"].includes(second.type)) return undefined;
  const known = reference.api !== "ensure_future" || isCoroutineCall(coroutine, context);
  if (!known || file.between(call.end, second.start).includes("#")) return undefined;
  context.consume(coroutine);
  return {
    class: "R",
    edits: [
      { start: first.start, end: coroutine.start, text: file.between(second.start, use.node.start) },
      { start: coroutine.end, end: second.end, text: file.between(use.node.end, second.end) },
    ],
    modules: [],
    reason:
      "The next statement awaits the task, so the coroutine runs in its caller's task and context instead.",
  };
}
