import type { Change } from "@hother/cancelable-migrate/engine";
import { awaitOf, callOf, rename } from "../call.ts";
import { isCaught } from "../caught.ts";
import { isCoroutineCall } from "../coroutine-call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { argumentsOf } from "../source-file.ts";
import { startEach } from "../task-scope/start-each.ts";
import { type Started, startAll } from "../task-scope/start-together.ts";
import { taskScopeVerdict } from "../task-scope/task-scopes.ts";
import { childOf, type SyntaxNode } from "../tree.ts";

export const gatherRule: AsyncioRule = {
  name: "gather",
  api: "asyncio.gather",
  apis: ["gather"],
  class: "R",
  summary:
    "calls of coroutine functions, awaited as a statement; the first failure cancels the others and is raised in a group",
  target: "async with anyio.create_task_group() (results: handles, from anyio 4.14)",
  change:
    "The first failure cancels the other calls and is raised in an exception group. In asyncio, the others continue.",
  apply: applyGather,
};

const advice = "Use `async with anyio.create_task_group() as tg:` and `tg.start_soon(f, *args)`.";

function applyGather(reference: Reference, context: RuleContext): Verdict {
  const { file } = context;
  const call = callOf(reference);
  const tasks = taskScopeVerdict(reference, context);
  if (tasks !== undefined && "edits" in tasks) return tasks;
  const awaited = call && awaitOf(call);
  if (call === undefined || awaited === undefined)
    return review("The gathered future is not awaited in place.", advice);
  const problem = optionProblem(call, context);
  if (problem !== undefined) return problem;
  const all = argumentsOf(call)?.filter(({ type }) => type !== "keyword_argument") ?? [];
  if (all.length === 0) return review("It gathers nothing.", advice);
  if (isCaught(awaited, context)) {
    return review(
      "An `except` around it, or around a call of its function, would get an exception group.",
      "Catch the group with `except*`, then use a task group.",
    );
  }
  const splat = all.length === 1 && all[0]?.type === "list_splat" ? all[0].children[0] : undefined;
  const statement = file.statementOf(call);
  const indent = statement && file.indent(statement);
  const place = statement && indent !== undefined ? { call, awaited, statement, indent } : undefined;
  if (splat !== undefined) {
    const body =
      splat.type.endsWith("_comprehension") || splat.type === "generator_expression"
        ? childOf(splat, "body")
        : undefined;
    if (body === undefined) return review("The awaitables are unpacked from a collection.", advice);
    if (!isCoroutineCall(body, context)) return unseen(body, context);
    if (context.anyioHas("4.15"))
      return gatherOfAnyio(reference, awaited, [{ call: body, outer: body }], context);
    if (place === undefined) return review("It is not a statement of its own.", advice);
    return startEach(place, splat, context);
  }
  const started = all.map((argument) => ({
    call: unwrapped(argument, context) ?? argument,
    outer: argument,
  }));
  const strange = started.find((one) => one.call === one.outer && !isCoroutineCall(one.call, context));
  if (strange !== undefined) return unseen(strange.call, context);
  if (context.anyioHas("4.15")) return gatherOfAnyio(reference, awaited, started, context);
  if (place === undefined) return review("It is not a statement of its own.", advice);
  const verdict = startAll(place, started, context);
  if ("edits" in verdict)
    for (const { call: inner, outer } of started) if (inner !== outer) context.consume(outer);
  return verdict;
}

function optionProblem(call: SyntaxNode, { file }: RuleContext): Verdict | undefined {
  for (const option of argumentsOf(call) ?? []) {
    if (option.type !== "keyword_argument") continue;
    const name = file.of(childOf(option, "name") ?? option);
    if (name === "return_exceptions" && file.of(childOf(option, "value") ?? option) === "False") continue;
    return review(
      name === "return_exceptions" ? "It returns exceptions as results." : `\`${name}=\` has no counterpart.`,
      "Catch `Exception` in a wrapper per task; a cancellation must propagate.",
    );
  }
  return undefined;
}

/** The call in `asyncio.create_task(f())`, which takes only a coroutine. */
function unwrapped(argument: SyntaxNode, context: RuleContext): SyntaxNode | undefined {
  const callee = argument.type === "call" ? childOf(argument, "function") : undefined;
  const known =
    callee && context.references.find(({ node, api }) => node === callee && api === "create_task");
  const [inner, ...options] = (known && argumentsOf(argument)) ?? [];
  return inner?.type === "call" && options.length === 0 ? inner : undefined;
}

/** The verdict with anyio 4.15, which has a `gather`. It takes only coroutines and returns a tuple. */
function gatherOfAnyio(
  reference: Reference,
  awaited: SyntaxNode,
  started: readonly Started[],
  context: RuleContext,
): Verdict {
  const call = reference.node.parent as SyntaxNode;
  const edits: Change[] = [rename(reference, "anyio.gather")];
  for (const option of argumentsOf(call) ?? []) {
    if (option.type === "keyword_argument") return review("Its options have no counterpart.", advice);
  }
  const parent = awaited.parent;
  const unpacked = parent?.type === "assignment" && childOf(parent, "left")?.type.endsWith("pattern_list");
  if (parent?.type !== "expression_statement" && !unpacked) {
    edits.unshift({ start: awaited.start, end: awaited.start, text: "list(" });
    edits.push({ start: awaited.end, end: awaited.end, text: ")" });
  }
  for (const { call: inner, outer } of started) {
    context.consume(inner);
    if (inner !== outer) context.consume(outer);
  }
  return { class: "R", edits, modules: ["anyio"] };
}

function unseen(call: SyntaxNode, { file }: RuleContext): Verdict {
  return review(`\`${short(file.of(call))}\` is not the call of an \`async def\` of this file.`, advice);
}

function short(text: string): string {
  const line = text.split(/\r?\n/, 1)[0] ?? "";
  return line.length < text.length || line.length > 40 ? `${line.slice(0, 40)}…` : line;
}
