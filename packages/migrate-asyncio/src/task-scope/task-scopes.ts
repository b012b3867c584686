import { awaitOf, callOf } from "../call.ts";
import { coroutineDefinition } from "../coroutine-call.ts";
import type { Reference } from "../references.ts";
import { type Rewrite, type RuleContext, review, type Verdict } from "../rule.ts";
import { argumentsOf } from "../source-file.ts";
import type { SyntaxNode } from "../tree.ts";
import { awaitDirectly } from "./awaited-next.ts";
import { type CancelledTask, cleansUp } from "./cancelled-task.ts";
import { startedList } from "./started-list.ts";
import { type StartedTask, startedTask } from "./started-task.ts";
import { blockProblem, lets, threadProblem } from "./task-block.ts";
import { dropNames, keepNames } from "./task-scope-edits.ts";

/*
 * Tasks that are started and awaited in the same block become tasks of a group around these statements:
 *
 *     task = asyncio.create_task(f(a))        async with anyio.create_task_group() as tg:
 *     await g()                                   tg.start_soon(f, a)
 *     await task                                  await g()
 *
 * If the tasks are cancelled at the end, the group is cancelled. If results are used, the handles of anyio 4.14 replace
 * the tasks. Tasks whose statements overlap share a group.
 */

const makers: ReadonlySet<string> = new Set([
  "create_task",
  "loop.create_task",
  "ensure_future",
  "loop.run_in_executor",
  "get_running_loop",
  "get_event_loop",
]);
const advice =
  "Give the task an owner: `tg.start_soon(f, *args)` in an `anyio.create_task_group()` that outlives it.";
const plans: WeakMap<RuleContext, Map<Reference, Verdict>> = new WeakMap();

/** The verdict on a reference that starts a task, or on a `gather` that waits for such tasks. */
export function taskScopeVerdict(reference: Reference, context: RuleContext): Verdict | undefined {
  let plan = plans.get(context);
  if (plan === undefined) {
    plan = new Map();
    plans.set(context, plan);
    planAll(plan, context);
  }
  return plan.get(reference);
}

function planAll(plan: Map<Reference, Verdict>, context: RuleContext): void {
  const tasks: StartedTask[] = [];
  for (const reference of context.references) {
    if (!makers.has(reference.api)) continue;
    const call = callOf(reference);
    if (call !== undefined && awaitDirectly(call, reference, context) !== undefined) continue;
    const list = startedList(reference, context);
    if (list === "part") continue;
    const task = list ?? startedTask(reference, context);
    if (typeof task !== "string") tasks.push(task);
    else if (!reference.api.startsWith("get_")) plan.set(reference, review(task, advice));
  }
  for (const group of overlapping(tasks)) {
    const found = planGroup(group, context);
    for (const task of group) {
      const verdict = typeof found === "string" ? review(found, advice) : found.get(task.reference);
      for (const { reference } of task.list?.items ?? [task]) {
        const own = typeof found === "string" ? verdict : found.get(reference);
        if (own !== undefined) plan.set(reference, own);
      }
      const caught = task.cancelled?.caught;
      if (caught !== undefined && typeof found !== "string") {
        const handled = found.get(caught);
        if (handled !== undefined) plan.set(caught, handled);
      }
      if (task.gather !== undefined && verdict !== undefined)
        plan.set(task.gather, typeof found === "string" ? verdict : (found.get(task.gather) ?? verdict));
    }
  }
}

/** Groups the tasks of one block whose statements overlap. */
function overlapping(tasks: readonly StartedTask[]): StartedTask[][] {
  const groups: StartedTask[][] = [];
  for (const task of tasks) {
    const near = groups.find(([other, ...more]) =>
      [other, ...more].some(
        (at) => at !== undefined && at.first.parent === task.first.parent && task.first.start < at.last.end,
      ),
    );
    if (near === undefined) groups.push([task]);
    else near.push(task);
  }
  return groups;
}

function planGroup(tasks: readonly StartedTask[], context: RuleContext): Map<Reference, Rewrite> | string {
  const { file } = context;
  const first = tasks[0]?.first as SyntaxNode;
  const lasts = [...new Set(tasks.map(({ last }) => last))].sort((a, b) => a.start - b.start);
  const last = lasts.at(-1) as SyntaxNode;
  const statements = (first.parent?.children ?? []).filter(
    (child) => child.start >= first.start && child.end <= last.end && child.type !== "comment",
  );
  const cancelled = tasks.flatMap((task) => task.cancelled ?? []);
  const caught = new Set(cancelled.map(({ waits }) => waits));
  const problem =
    blockProblem(
      statements.filter((statement) => !caught.has(statement)),
      lasts,
      context,
    ) ?? tasks.map((task) => threadProblem(task, context)).find(Boolean);
  if (problem !== undefined) return problem;
  for (const task of tasks) {
    if (task.gather === undefined || task.list !== undefined) continue;
    const names =
      argumentsOf(task.gather.node.parent as SyntaxNode)?.map((argument) => file.of(argument)) ?? [];
    if (names.some((name) => !tasks.some((other) => other.name === name && other.gather === task.gather)))
      return "It is gathered together with other awaitables than tasks of this block.";
  }
  if (cancelled.length > 0)
    return cancelledProblem(tasks, cancelled, statements, context) ?? dropNames(tasks, lasts, context);
  const trailing = statements.slice(-lasts.length).every((statement, index) => statement === lasts[index]);
  const bare = tasks.every((task) => isBare(task));
  const dropped = trailing && bare ? dropNames(tasks, lasts, context) : undefined;
  const handles = tasks.some(({ list }) => list !== undefined) && context.anyioHas("4.14");
  if (dropped !== undefined && (typeof dropped !== "string" || !handles)) return dropped;
  if (!context.anyioHas("4.14"))
    return "The task is awaited for its result, or before other statements. anyio has task handles from 4.14 on.";
  return keepNames(tasks, last, context);
}

/** Whether the last statement is `await task`, with an unused result. */
function isBare({ last, use, gather }: StartedTask): boolean {
  const awaited = awaitOf(gather?.node.parent ?? use);
  return last.type === "expression_statement" && awaited?.parent === last;
}

/** The reason why cancelling the group cannot replace the cancellation of these tasks. */
function cancelledProblem(
  tasks: readonly StartedTask[],
  cancelled: readonly CancelledTask[],
  statements: readonly SyntaxNode[],
  context: RuleContext,
): string | undefined {
  const ends = new Set(cancelled.flatMap(({ cancel, waits }) => [cancel, waits]));
  if (
    cancelled.length < tasks.length ||
    !statements.slice(-ends.size).every((statement) => ends.has(statement))
  )
    return "Only some of the tasks that run together are cancelled at the end.";
  if (!lets(statements.slice(0, -ends.size))) return "The task may be cancelled before it starts.";
  for (const { runs, thread } of tasks) {
    const definition = thread ? undefined : coroutineDefinition(runs, context);
    if (definition === undefined) return "The cancelled coroutine is not an `async def` of this file.";
    if (cleansUp(definition, context.file.text))
      return "The cancelled function has clean-up code that awaits. In a cancelled scope, every await raises again.";
  }
  return undefined;
}
