import type { Change } from "@hother/cancelable-migrate/engine";
import { hasComment } from "../call.ts";
import type { Reference } from "../references.ts";
import type { RuleContext } from "../rule.ts";
import { loopHead } from "./start-each.ts";
import { unfoldCall } from "./start-soon.ts";
import type { StartedTask } from "./started-task.ts";

/** What the calls that make a list of tasks become. */
export interface ListEdits {
  readonly edits: ReadonlyMap<Reference, Change[]>;
  readonly partial: boolean;
}

/** Results unused: no list, but a loop or lines of `start_soon`; `open` begins the group. */
export function startListed(
  task: StartedTask,
  open: string,
  group: string,
  context: RuleContext,
): ListEdits | string {
  const { file } = context;
  const { first, list } = task;
  if (list === undefined || hasComment(file, first.start, first.end) || !file.standsAlone(first))
    return "a comment stands between the tasks";
  const indent = file.indent(first) ?? "";
  // The opening is written with its own indent; further statements move in with their lines.
  const line = file.eol + (open === "" ? indent : file.deeper(indent));
  const head = list.loop === undefined ? "" : loopHead(list.loop, context);
  if (head === undefined) return "the names of its comprehension mean something else in the function";
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

/** Results used: a list of handles. */
export function keepListed(
  task: StartedTask,
  open: string,
  group: string,
  context: RuleContext,
): ListEdits | string {
  const edits = new Map<Reference, Change[]>();
  for (const { reference, call, runs } of task.list?.items ?? []) {
    if (hasComment(context.file, call.start, runs.start)) return "a comment stands between the arguments";
    edits.set(reference, [{ start: call.start, end: runs.start, text: `${group}.create_task(` }]);
    context.consume(runs);
  }
  if (open !== "")
    edits.get(task.reference)?.unshift({ start: task.first.start, end: task.first.start, text: open });
  return { edits, partial: false };
}
