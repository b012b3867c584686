import type { Change } from "@hother/cancelable-migrate/engine";
import { awaitOf, hasComment } from "../call.ts";
import type { Reference } from "../references.ts";
import type { Rewrite, RuleContext, Together } from "../rule.ts";
import { argumentsOf, statementAround } from "../source-file.ts";
import type { SyntaxNode } from "../tree.ts";
import { removeLines } from "../whole-lines.ts";
import { threadChange } from "../worker-thread.ts";
import type { CancelledTask } from "./cancelled-task.ts";
import { unfoldCall } from "./start-soon.ts";
import type { StartedTask } from "./started-task.ts";
import { keepListed, type ListEdits, startListed } from "./task-list-edits.ts";

/** The change in behaviour, for the report. */
const groupChange =
  "The block ends when its tasks have ended. If a task fails, the block is cancelled and the exception is raised in a group.";

const cancelChange =
  "The scope of the group is cancelled instead of the task, and the end of the block waits for the task.";

function changeOf({ thread, cancelled }: StartedTask): string {
  if (cancelled !== undefined) return cancelChange;
  return thread ? `${threadChange} ${groupChange}` : groupChange;
}

/** For unused results: `start_soon`; the end of the group's block waits. */
export function dropNames(
  tasks: readonly StartedTask[],
  lasts: readonly SyntaxNode[],
  context: RuleContext,
): Map<Reference, Rewrite> | string {
  const { file } = context;
  const gone = lasts.map((statement) => removeLines(file, statement));
  const group = context.freeName("tg", tasks[0]?.first as SyntaxNode);
  const rewrites = new Map<Reference, Rewrite>();
  const cancelled = tasks.flatMap((task) => task.cancelled ?? []);
  const together = { size: calls(tasks) + cancelled.length + gathers(tasks) };
  for (const [index, task] of tasks.entries()) {
    const { first, call, runs } = task;
    const indents = inner(index, tasks, lasts.at(-1)?.end, context);
    if (task.list !== undefined) {
      const open = index === 0 ? openGroup(group, first, "", context) : "";
      const listed = startListed(task, open, group, context);
      const line = gone[lasts.indexOf(task.last)];
      if (typeof listed === "string") return listed;
      if (line === undefined || task.gather === undefined) return "A comment stands beside its `await`.";
      addListed(rewrites, listed, together, indents);
      rewrites.set(task.gather, { class: "R", edits: [line], modules: [], together, reason: groupChange });
      continue;
    }
    if (
      hasComment(file, first.start, runs.start) ||
      hasComment(file, runs.end, call.end) ||
      !file.standsAlone(first)
    )
      return "A comment stands between the arguments.";
    const unfolded = task.thread ? { edits: [], partial: false } : unfoldCall(runs, context);
    if (typeof unfolded === "string") return unfolded;
    const start = `${group}.start_soon(${task.thread ? "anyio.to_thread.run_sync, " : ""}`;
    const text = index === 0 ? openGroup(group, first, start, context) : start;
    const edits: Change[] = [{ start: first.start, end: runs.start, text }, ...unfolded.edits];
    const line = gone[lasts.indexOf(task.last)];
    if (line === undefined) return "A comment stands beside its `await`.";
    if (task.cancelled !== undefined) {
      const cancel = cancelEdit(task.cancelled, cancelled, group, context);
      if (cancel === undefined) return "A comment stands beside `cancel()`.";
      edits.push(cancel);
      const removed: Rewrite = { class: "R", edits: [line], modules: [], together, reason: cancelChange };
      rewrites.set(task.cancelled.caught, removed);
    } else if (task.gather === undefined) edits.push(line);
    else rewrites.set(task.gather, { class: "R", edits: [line], modules: [], together, reason: groupChange });
    const modules = unfolded.partial ? (["anyio", "functools"] as const) : (["anyio"] as const);
    rewrites.set(task.reference, {
      class: "R",
      edits,
      modules,
      together,
      reason: changeOf(task),
      ...indents,
    });
    if (!task.thread) context.consume(runs);
  }
  return rewrites;
}

/** For used results: the names hold handles, which can be awaited inside the group. */
export function keepNames(
  tasks: readonly StartedTask[],
  last: SyntaxNode,
  context: RuleContext,
): Map<Reference, Rewrite> | string {
  const { file } = context;
  const group = context.freeName("tg", tasks[0]?.first as SyntaxNode);
  const rewrites = new Map<Reference, Rewrite>();
  const together = { size: calls(tasks) + gathers(tasks) };
  for (const [index, task] of tasks.entries()) {
    const { first, call, runs } = task;
    if (task.list !== undefined) {
      const open = index === 0 ? openGroup(group, first, "", context) : "";
      const listed = keepListed(task, open, group, context);
      if (typeof listed === "string") return listed;
      addListed(rewrites, listed, together, inner(index, tasks, last.end, context));
      const results = gatherEdit(task, context);
      if (results === undefined || task.gather === undefined)
        return "A comment stands between the arguments.";
      rewrites.set(task.gather, { class: "R", edits: [results], modules: [], together, reason: groupChange });
      continue;
    }
    const start = task.thread ? `${group}.start_soon(anyio.to_thread.run_sync, ` : `${group}.create_task(`;
    if (hasComment(file, call.start, runs.start)) return "A comment stands between the arguments.";
    const edits: Change[] = [{ start: call.start, end: runs.start, text: start }];
    if (index === 0)
      edits.unshift({ start: first.start, end: first.start, text: openGroup(group, first, "", context) });
    rewrites.set(task.reference, {
      class: "R",
      edits,
      modules: ["anyio"],
      together,
      reason: changeOf(task),
      ...inner(index, tasks, last.end, context),
    });
    if (!task.thread) context.consume(runs);
    if (task.gather === undefined || rewrites.has(task.gather)) continue;
    const results = gatherEdit(task, context);
    if (results === undefined) return "A comment stands between the arguments.";
    rewrites.set(task.gather, { class: "R", edits: [results], modules: [], together, reason: groupChange });
  }
  return rewrites;
}

/** The edit that turns `await gather(a, b)` or `await gather(*tasks)` into a list of the handles' results. */
function gatherEdit(task: StartedTask, context: RuleContext): Change | undefined {
  const { file } = context;
  const call = task.gather?.node.parent;
  const whole = call && awaitOf(call);
  if (whole === undefined || hasComment(file, whole.start, whole.end)) return undefined;
  const names = argumentsOf(call as SyntaxNode)?.map((name) => `await ${file.of(name)}`) ?? [];
  const each = context.freeName("task", task.first);
  const text = task.list === undefined ? names.join(", ") : `await ${each} for ${each} in ${task.name}`;
  return { start: whole.start, end: whole.end, text: `[${text}]` };
}

function addListed(
  rewrites: Map<Reference, Rewrite>,
  listed: ListEdits,
  together: Together,
  indents: Pick<Rewrite, "indents">,
): void {
  const modules = listed.partial ? (["anyio", "functools"] as const) : (["anyio"] as const);
  let first = true;
  for (const [reference, edits] of listed.edits) {
    rewrites.set(reference, {
      class: "R",
      edits,
      modules,
      together,
      reason: groupChange,
      ...(first && indents),
    });
    first = false;
  }
}

/** The number of calls that start these tasks. */
function calls(tasks: readonly StartedTask[]): number {
  return tasks.reduce((sum, { list }) => sum + (list?.items.length ?? 1), 0);
}

function openGroup(group: string, first: SyntaxNode, start: string, { file }: RuleContext): string {
  const deeper = file.deeper(file.indent(first) ?? "");
  return `async with anyio.create_task_group() as ${group}:${file.eol}${deeper}${start}`;
}

/** The lines that move into the group, given with the first task only. */
function inner(
  index: number,
  tasks: readonly StartedTask[],
  end: number | undefined,
  { file }: RuleContext,
): Pick<Rewrite, "indents"> {
  const first = statementAround(tasks[0]?.call as SyntaxNode) as SyntaxNode;
  const indent = file.indent(first) ?? "";
  if (index > 0 || end === undefined) return {};
  return { indents: { start: first.start, end, level: file.deeper(indent).slice(indent.length) } };
}

/** The number of calls of `gather` that wait for these tasks. */
function gathers(tasks: readonly StartedTask[]): number {
  return new Set(tasks.flatMap(({ gather }) => gather ?? [])).size;
}

/** The edit of a `task.cancel()`: the first one cancels the group, further ones are removed. */
function cancelEdit(
  { cancel }: CancelledTask,
  all: readonly CancelledTask[],
  group: string,
  { file }: RuleContext,
): Change | undefined {
  const earlier = all.some((other) => other.cancel.start < cancel.start);
  if (earlier) return removeLines(file, cancel);
  return { start: cancel.start, end: cancel.end, text: `${group}.cancel_scope.cancel()` };
}
