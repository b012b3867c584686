import { awaitOf, callOf } from "../call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { argumentsOf, statementAround } from "../source-file.ts";
import { isCoroutineCall } from "../start-soon.ts";
import { childOf, type SyntaxNode } from "../tree.ts";

export const createTaskRule: AsyncioRule = {
  name: "create-task",
  api: "asyncio.create_task, loop.create_task",
  apis: ["create_task", "loop.create_task"],
  class: "R",
  summary: "a task that the next statement awaits, and nothing else uses, is awaited directly",
  target: "await f()",
  apply: applyCreateTask,
};

const advice =
  "give the task an owner: `tg.start_soon(f, *args)` in an `anyio.create_task_group()` that outlives it";

function applyCreateTask(reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  if (call === undefined) return review("it is passed as a value", advice);
  const kind = placeOf(call);
  if (kind !== "kept in a name")
    return review(`the task is ${kind}; anyio's tasks end with their group`, advice);
  return awaitDirectly(call, reference, context) ?? review("the task runs beside the code after it", advice);
}

/** Where the task goes. */
function placeOf(call: SyntaxNode): string {
  const parent = call.parent;
  if (parent?.type === "expression_statement") return "started and forgotten";
  if (parent?.type === "assignment" && call.field === "right") {
    return childOf(parent, "left")?.type === "identifier" ? "kept in a name" : "kept in an object";
  }
  if (parent?.type === "return_statement") return "returned";
  if (parent?.type === "argument_list") return "passed on";
  if (parent?.type.startsWith("list") || parent?.type.includes("comprehension")) return "kept in a list";
  return "used in an expression";
}

/** `t = create_task(f())` and, as the next statement, the only use `await t`. */
function awaitDirectly(call: SyntaxNode, reference: Reference, context: RuleContext): Verdict | undefined {
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
  if (!isCoroutineCall(coroutine, context) || file.between(call.end, second.start).includes("#"))
    return undefined;
  context.consume(coroutine);
  return {
    class: "R",
    edits: [
      { start: first.start, end: coroutine.start, text: file.between(second.start, use.node.start) },
      { start: coroutine.end, end: second.end, text: file.between(use.node.end, second.end) },
    ],
    modules: [],
  };
}
