import type { Change } from "@hother/cancelable-migrate/engine";
import { hasComment } from "../call.ts";
import type { Reference } from "../references.ts";
import type { RuleContext } from "../rule.ts";
import { loopHead } from "./start-each.ts";
import { unfoldCall } from "./start-soon.ts";
import type { StartedTask } from "./started-task.ts";

/** The edits of the calls that create a list of tasks. */
export interface ListEdits {
  readonly edits: ReadonlyMap<Reference, Change[]>;
  readonly partial: boolean;
}

/** For unused results: a loop or lines of `start_soon` instead of the list. `open` opens the group. */
export function startListed(
  task: StartedTask,
  open: string,
  group: string,
  context: RuleContext,
): ListEdits | string {
  const { file } = context;
  const { first, list } = task;
  if (list === undefined || hasComment(file, first.start, first.end) || !file.standsAlone(first))
    return "A comment stands between the tasks.";
  const indent = file.indent(first) ?? "";
  // The edit that opens the group has its own indent; reindenting moves further statements.
  const line = file.eol + (open === "" ? indent : file.deeper(indent));
  const head = list.loop === undefined ? "" : loopHead(list.loop, context);
  if (head === undefined) return "The names of its comprehension have another meaning in the function.";
  const start = `${group}.start_soon(`;
  const edits = new Map<Reference, Change[]>();
  let partial = false;
  let at = first.start;
  for (const { reference, runs } of list.items) {
    const unfolded = unfoldCall(runs, context);
    if (typeof unfolded === "string") return unfolded;
    partial ||= unfolded.partial;
    const before = at > first.start ? `)${line}` : open + (head === "" ? "" : `${head}:${file.deeper(line)}`);
    edits.set(reference, [{ start: at, end: runs.start, text: before + start }, ...unfolded.edits]);
    at = runs.end;
    context.consume(runs);
  }
  edits.get(list.items.at(-1)?.reference as Reference)?.push({ start: at, end: first.end, text: ")" });
  return { edits, partial };
}

/** For used results: a list of handles. */
export function keepListed(
  task: StartedTask,
  open: string,
  group: string,
  context: RuleContext,
): ListEdits | string {
  const edits = new Map<Reference, Change[]>();
  for (const { reference, call, runs } of task.list?.items ?? []) {
    if (hasComment(context.file, call.start, runs.start)) return "A comment stands between the arguments.";
    edits.set(reference, [{ start: call.start, end: runs.start, text: `${group}.create_task(` }]);
    context.consume(runs);
  }
  if (open !== "")
    edits.get(task.reference)?.unshift({ start: task.first.start, end: task.first.start, text: open });
  return { edits, partial: false };
}
