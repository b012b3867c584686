import { awaitOf, callOf } from "../call.ts";
import { isCaught } from "../caught.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { argumentsOf } from "../source-file.ts";
import { awaitDirectly } from "../task-scope/awaited-next.ts";
import { startAll } from "../task-scope/start-together.ts";
import { taskScopeVerdict } from "../task-scope/task-scopes.ts";
import { childOf, type SyntaxNode } from "../tree.ts";

export const createTaskRule: AsyncioRule = {
  name: "create-task",
  api: "asyncio.create_task, loop.create_task",
  apis: ["create_task", "loop.create_task"],
  class: "R",
  summary:
    "a task whose only use is an `await` in the same block: the statements move into a task group; if the next statement awaits it, the coroutine is awaited directly",
  target: "async with anyio.create_task_group() as tg: tg.start_soon(f, *args)",
  change:
    "The block ends when the task has ended. If the task fails, the block is cancelled and the exception is raised in a group.",
  apply: applyCreateTask,
};

const advice =
  "Give the task an owner: `tg.start_soon(f, *args)` in an `anyio.create_task_group()` that outlives it.";

export function applyCreateTask(reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  if (call === undefined) return review("It is passed as a value.", advice);
  const [coroutine, ...options] = argumentsOf(call) ?? [];
  if (context.isConsumed(call) && coroutine !== undefined) return gathered(call, coroutine);
  const awaited = awaitOf(call);
  if (awaited !== undefined && coroutine?.type === "call" && options.length === 0)
    return awaitedAtOnce(call, awaited, coroutine, context);
  const kind = placeOf(call);
  const listed = kind === "kept in a list" ? taskScopeVerdict(reference, context) : undefined;
  if (listed !== undefined && "edits" in listed) return listed;
  if (kind !== "kept in a name")
    return review(`The task is ${kind}; in anyio, tasks end with their group.`, advice);
  return (
    awaitDirectly(call, reference, context) ??
    taskScopeVerdict(reference, context) ??
    review("The task runs beside the code after it.", advice)
  );
}

/** The verdict on an argument of a `gather` that starts the coroutine itself. */
function gathered(call: SyntaxNode, coroutine: SyntaxNode): Verdict {
  const edits = [
    { start: call.start, end: coroutine.start, text: "" },
    { start: coroutine.end, end: call.end, text: "" },
  ];
  return {
    class: "R",
    edits,
    modules: [],
    reason: "The call that waits for it starts the coroutine itself.",
  };
}

/** The verdict on `await create_task(f())`. It stays a task, because a task has a context of its own. */
function awaitedAtOnce(
  call: SyntaxNode,
  awaited: SyntaxNode,
  coroutine: SyntaxNode,
  context: RuleContext,
): Verdict {
  const { file } = context;
  const statement = file.statementOf(call);
  const indent = statement && file.indent(statement);
  if (statement === undefined || indent === undefined)
    return review("It is not a statement of its own.", advice);
  if (isCaught(statement, context)) {
    return review(
      "An `except` around it, or around a call of its function, would get an exception group.",
      "Catch the group with `except*`, then use a task group.",
    );
  }
  return startAll(
    { call, awaited, statement, indent, single: true },
    [{ call: coroutine, outer: coroutine }],
    context,
  );
}

/** Where the task object goes. */
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
