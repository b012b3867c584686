import type { Change } from "@hother/cancelable-migrate/engine";
import { callOf, inAsyncFunction, rename } from "./call.ts";
import { isEntry, isMainGuarded, isProgramEntry } from "./entry.ts";
import { loopVariable, variableUses } from "./loop-uses.ts";
import type { Reference } from "./references.ts";
import { type Rewrite, type RuleContext, review, type Verdict } from "./rule.ts";
import { argumentsOf, type SourceFile, statementAround } from "./source-file.ts";
import { unfoldCall } from "./task-scope/start-soon.ts";
import { type SyntaxNode, walk } from "./tree.ts";
import { unwrapFinally } from "./unwrap-finally.ts";
import { removeStatement } from "./whole-lines.ts";

/**
 * A loop that one function creates, uses for one coroutine and closes. `anyio.run(f, *args)` does all three.
 *
 *     loop = asyncio.new_event_loop()
 *     asyncio.set_event_loop(loop)             # optional
 *     result = loop.run_until_complete(f(a))   # once, not in a loop; possibly under `try … finally`
 *     loop.close()
 */
interface Round {
  readonly made: Reference;
  readonly run: Reference;
  /** Optional: a program may end without closing its loop. */
  readonly close: Reference | undefined;
  readonly set: Reference | undefined;
}

const advice =
  "Use one `anyio.run(f, *args)` at the program's entry, or a blocking portal for several calls.";

/** The verdict on a call that manages a loop. */
export function loopRoundVerdict(reference: Reference, context: RuleContext): Verdict | undefined {
  let plan = plans.get(context);
  if (plan === undefined) {
    plan = planAll(context);
    plans.set(context, plan);
  }
  return plan.get(reference);
}

const plans: WeakMap<RuleContext, Map<Reference, Verdict>> = new WeakMap();

function planAll(context: RuleContext): Map<Reference, Verdict> {
  const plan = new Map<Reference, Verdict>();
  for (const made of context.references) {
    if (made.api !== "new_event_loop" && !isProgramsOwn(made, context)) continue;
    const atOnce = runAtOnce(made, context);
    if (atOnce !== undefined) plan.set(made, atOnce);
    if (atOnce !== undefined) continue;
    const round = roundOf(made, context);
    const found = typeof round === "string" ? round : rewriteRound(round, context);
    if (typeof found === "string") plan.set(made, review(found, advice));
    else for (const [reference, verdict] of found) plan.set(reference, verdict);
  }
  return plan;
}

/**
 * Whether a reference is `get_event_loop()` in the entry of a program. Before Python 3.10, locks and queues at
 * module level belong to that loop.
 */
export function isProgramsOwn(made: Reference, context: RuleContext): boolean {
  const { file } = context;
  if (made.api !== "get_event_loop" || !context.pythonHas("3.10")) return false;
  return !inAsyncFunction(made, file) && isProgramEntry(made.node, file);
}

/** The verdict on `asyncio.get_event_loop().run_until_complete(f(a))`, where no name keeps the loop. */
function runAtOnce(made: Reference, context: RuleContext): Verdict | undefined {
  const loop = callOf(made);
  const member = loop?.parent?.type === "attribute" && loop.field === "object" ? loop.parent : undefined;
  const call = member?.parent?.type === "call" && member.field === "function" ? member.parent : undefined;
  if (member === undefined || call === undefined || !/\.run_until_complete$/.test(context.file.of(member)))
    return undefined;
  const [coroutine, ...others] = argumentsOf(call) ?? [];
  if (made.api !== "get_event_loop" || coroutine === undefined || others.length > 0) return undefined;
  if (context.references.some((other) => asksItsThread(other, made, context.file)))
    return review("Other code of the file calls `get_event_loop()` and may expect this loop.", advice);
  const unfolded = unfoldCall(coroutine, context);
  if (typeof unfolded === "string") return review(unfolded, advice);
  context.consume(coroutine);
  const edits = [{ start: member.start, end: member.end, text: "anyio.run" }, ...unfolded.edits];
  return { class: "R", edits, modules: unfolded.partial ? ["anyio", "functools"] : ["anyio"] };
}

/** The calls of a round, or the reason why the loop has other uses. */
function roundOf(made: Reference, context: RuleContext): Round | string {
  const { file, references } = context;
  const name = loopVariable(made, file);
  if (name === undefined) return "The loop is not kept in a local variable.";
  const guarded = isMainGuarded(made.node, file);
  if (!guarded && (made.scope.kind !== "function" || !isEntry(made.node, file)))
    return "Library code may run while a loop is running; `anyio.run` refuses to start there.";
  const used: { run: Reference[]; close: Reference[]; set: Reference[] } = { run: [], close: [], set: [] };
  for (const use of variableUses(name, made, context.scopes)) {
    const member = references.find(({ node, api }) => node === use.parent && api.startsWith("loop."));
    const call = use.parent?.type === "argument_list" ? use.parent.parent : undefined;
    const set = references.find((other) => other.api === "set_event_loop" && callOf(other) === call);
    if (member?.api === "loop.run_until_complete") used.run.push(member);
    else if (member?.api === "loop.close") used.close.push(member);
    else if (call !== undefined && set !== undefined) used.set.push(set);
    else return "The loop is used for more than one run.";
  }
  const [run, close] = [used.run[0], used.close[0]];
  const closes = made.api === "get_event_loop" ? used.close.length <= 1 : used.close.length === 1;
  if (run === undefined || used.run.length !== 1 || !closes || used.set.length > 1)
    return "The loop is used for more than one run.";
  if (references.some((other) => asksItsThread(other, made, file)))
    return "Other code of the file calls `get_event_loop()` and may expect this loop.";
  return { made, run, close, set: used.set[0] };
}

/** Whether a reference is `get_event_loop()` in synchronous code, which may return this loop. */
function asksItsThread(other: Reference, made: Reference, file: SourceFile): boolean {
  return other.api === "get_event_loop" && other !== made && !inAsyncFunction(other, file);
}

function rewriteRound(round: Round, context: RuleContext): Map<Reference, Rewrite> | string {
  const { file } = context;
  const first = statementAround(round.made.node);
  const call = callOf(round.run);
  const [coroutine, ...others] = (call && argumentsOf(call)) ?? [];
  if (first === undefined || call === undefined || coroutine === undefined || others.length > 0)
    return "The loop does not run exactly one coroutine.";
  const { close } = round;
  const closes = close === undefined || (followsOnce(close.node, first) && close.node.start > call.end);
  if (!followsOnce(call, first) || !closes) return "The loop may run more than once, or not at all.";
  if (round.set !== undefined && !isNext(round.set, first, call))
    return "Code between these calls may use the loop of its thread.";
  const unfolded = unfoldCall(coroutine, context);
  if (typeof unfolded === "string") return unfolded;
  const gone: [Reference, readonly Change[] | undefined][] = [
    [round.made, lines(removeStatement(file, first))],
  ];
  if (round.set !== undefined) {
    const statement = statementAround(round.set.node);
    gone.push([round.set, lines(statement && removeStatement(file, statement))]);
  }
  if (close !== undefined) {
    const closing = statementAround(close.node);
    if (closing === undefined || callOf(close)?.parent !== closing) return "The result of `close()` is used.";
    const edits = lines(removeStatement(file, closing)) ?? unwrapFinally(closing, context, round.run.node);
    gone.push([close, edits]);
  }
  const rewrites = new Map<Reference, Rewrite>();
  const together = { size: gone.length + 1 };
  for (const [reference, edits] of gone) {
    if (edits === undefined) return "A line that manages the loop holds other code too.";
    rewrites.set(reference, { class: "R", edits, modules: [], together });
  }
  context.consume(coroutine);
  const edits = [rename(round.run, "anyio.run"), ...unfolded.edits];
  const modules = unfolded.partial ? (["anyio", "functools"] as const) : (["anyio"] as const);
  return rewrites.set(round.run, { class: "R", edits, modules, together });
}

function lines(edit: Change | undefined): readonly Change[] | undefined {
  return edit === undefined ? undefined : [edit];
}

const passable: ReadonlySet<string> = new Set([
  "block",
  "with_statement",
  "try_statement",
  "finally_clause",
  "else_clause",
  "expression_statement",
  "assignment",
  "return_statement",
  "assert_statement",
  "comparison_operator",
  "call",
  "argument_list",
  "attribute",
]);

/** Whether a node runs at most once after a statement of the same function: not in a loop, a lambda or an `except`. */
function followsOnce(node: SyntaxNode, first: SyntaxNode): boolean {
  for (let at: SyntaxNode | undefined = node.parent; at !== first.parent; at = at.parent) {
    if (at === undefined || !passable.has(at.type)) return false;
  }
  return node.start > first.end;
}

/** Whether no other call stands between creating the loop, setting it and running it. */
function isNext(set: Reference, first: SyntaxNode, run: SyntaxNode): boolean {
  const around = first.parent;
  if (around === undefined || statementAround(set.node)?.parent !== around) return false;
  let quiet = set.node.start > first.end && set.node.start < run.start;
  walk(around, (node) => {
    const between = node.start > first.end && node.end < run.start;
    if (between && node.type === "call" && node !== callOf(set)) quiet = false;
    return node.start < run.start;
  });
  return quiet;
}
