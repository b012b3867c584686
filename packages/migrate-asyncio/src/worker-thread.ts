import { callOf } from "./call.ts";
import { isProgramEntry } from "./entry.ts";
import { loopRoundVerdict } from "./loop-rounds.ts";
import { handlesLoop, loopFileAround } from "./project-loops.ts";
import type { Reference } from "./references.ts";
import type { RuleContext } from "./rule.ts";
import { argumentsOf, functionAround } from "./source-file.ts";
import { childOf, type SyntaxNode, walk } from "./tree.ts";

/*
 * The worker threads of anyio are not daemon threads. They end together with the root task, the one that `run` started.
 * Where a loop is stopped before its root task ends, the threads stay, and the process does not end. The threads of
 * asyncio's default executor are stopped by `asyncio.run`, or left to the interpreter.
 */

/** The change in behaviour, for the report. */
export const threadChange =
  "anyio's threads are not daemon threads, and end with the root task. If the program stops its loop without ending that task, the process does not end. At most 40 threads run at a time.";

/** For the report, where the root task is known. */
export const safeThread = "The threads end with the `run` of this file.";

/** The reason why worker threads of anyio may outlive the loop; undefined if no file of the project manages a loop. */
export function loopProblem(context: RuleContext): string | undefined {
  const isManual = context.references.some(
    (reference) =>
      ["new_event_loop", "loop.run_forever", "loop.stop"].includes(reference.api) &&
      !isRewritten(reference, context),
  );
  const where = isManual || handlesLoop(context.file.text) ? "This file" : loopFileAround(context.file.path);
  if (where === undefined) return undefined;
  return `${where} runs or stops a loop by hand. anyio's threads are not daemon threads and end with the root task: after \`loop.stop()\` the process would not end.`;
}

function isRewritten(reference: Reference, context: RuleContext): boolean {
  const verdict = loopRoundVerdict(reference, context);
  return verdict !== undefined && "edits" in verdict && context.options.structural;
}

const reached: WeakMap<RuleContext, ReadonlySet<string>> = new WeakMap();

/** Whether a node is in a function that a `run` of this program reaches by calls in this file. */
export function isBelowRun(node: SyntaxNode, context: RuleContext): boolean {
  let names = reached.get(context);
  if (names === undefined) {
    names = reachedNames(context);
    reached.set(context, names);
  }
  let around = functionAround(node);
  // A nested function or lambda belongs to the function around it.
  for (let outer = around; outer !== undefined; outer = functionAround(outer)) around = outer;
  const name = around && childOf(around, "name");
  return name !== undefined && names.has(context.file.of(name));
}

/** The names of the functions that a `run` in the program's entry starts, and of the functions that they call. */
function reachedNames(context: RuleContext): ReadonlySet<string> {
  const { file } = context;
  const bodies = new Map<string, SyntaxNode>();
  const pending: string[] = [];
  walk(file.root, (node) => {
    const name = node.type === "function_definition" ? childOf(node, "name") : undefined;
    if (name !== undefined) bodies.set(file.of(name), node);
    if (node.type === "call" && isRun(node, context) && isProgramEntry(node, file))
      pending.push(...namesIn(argumentsOf(node)?.[0], context));
    return undefined;
  });
  const found = new Set<string>();
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const body = bodies.get(name);
    if (found.has(name) || body === undefined) continue;
    found.add(name);
    pending.push(...namesIn(body, context));
  }
  return found;
}

/** `asyncio.run(…)`, or `anyio.run(…)` after an earlier migration. */
function isRun(call: SyntaxNode, context: RuleContext): boolean {
  const callee = childOf(call, "function");
  if (callee === undefined) return false;
  if (context.file.of(callee) === "anyio.run") return true;
  return context.references.some((reference) => reference.api === "run" && callOf(reference) === call);
}

function namesIn(node: SyntaxNode | undefined, { file }: RuleContext): string[] {
  const names: string[] = [];
  if (node === undefined) return names;
  walk(node, (at) => {
    if (at.type === "identifier") names.push(file.of(at));
    return undefined;
  });
  return names;
}
