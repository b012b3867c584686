import type { Change } from "@hother/cancelable-migrate/engine";
import { awaitOf, callOf, hasComment } from "../call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { argumentsOf, plainArguments } from "../source-file.ts";
import { childOf, containsHere, type SyntaxNode, walk } from "../tree.ts";

export const waitForRule: AsyncioRule = {
  name: "wait-for",
  api: "asyncio.wait_for",
  apis: ["wait_for"],
  class: "R",
  summary: "the only await of its statement, which moves under a `with`",
  target: "with anyio.fail_after(seconds): await f()",
  change:
    "A timeout cancels the call through a cancel scope: until the call ends, every await in it raises again. Context variables that the call sets stay set.",
  apply: applyWaitFor,
};

const advice = "Put the await under `with anyio.fail_after(seconds):`.";
const plainTimeout: ReadonlySet<string> = new Set([
  "integer",
  "float",
  "identifier",
  "attribute",
  "none",
  "binary_operator",
  "unary_operator",
]);
const scopes: ReadonlySet<string> = new Set([
  "lambda",
  "conditional_expression",
  "boolean_operator",
  "await",
  "yield",
]);

function applyWaitFor(reference: Reference, context: RuleContext): Verdict {
  const { file } = context;
  const call = callOf(reference);
  const awaited = call && awaitOf(call);
  if (call === undefined || awaited === undefined) return review("It is not awaited in place.", advice);
  const plain = plainArguments(call, file);
  const target = plain?.positional[0] ?? plain?.keywords.get("fut");
  const timeout = plain?.positional[1] ?? plain?.keywords.get("timeout");
  const count = (plain?.positional.length ?? 0) + (plain?.keywords.size ?? 0);
  if (target === undefined || timeout === undefined || count !== 2)
    return review("Its arguments are unpacked or named.", advice);
  const problem = targetProblem(target, context) ?? timeoutProblem(timeout, file.of(timeout));
  if (problem !== undefined) return review(problem[0], problem[1]);
  const statement = file.statementOf(call);
  const indent = statement && file.indent(statement);
  if (statement === undefined || indent === undefined)
    return review("It is not in a simple statement of its own.", advice);
  if (!isOnlyAwait(statement, awaited))
    return review("The timeout would apply to more than this await.", advice);
  const start = callStart(call);
  const end = awaited.end;
  if (hasComment(file, start, target.start) || hasComment(file, target.end, end)) {
    return review("A comment stands between the arguments.", advice);
  }
  const inner = file.deeper(indent);
  const edits: Change[] = [
    {
      start: statement.start,
      end: statement.start,
      text: `with anyio.fail_after(${file.of(timeout)}):${file.eol}${inner}`,
    },
    { start, end: target.start, text: "" },
    { start: target.end, end, text: "" },
  ];
  if (plain?.positional[0] === undefined || argumentsOf(call)?.[0] !== target)
    return review("Its arguments are in another order.", advice);
  context.consume(target);
  return { class: "R", edits, modules: ["anyio"] };
}

/** The start of the call, or of the parentheses around it, which are removed too. */
function callStart(call: SyntaxNode): number {
  let at = call;
  while (at.parent?.type === "parenthesized_expression") at = at.parent;
  return at.start;
}

const slow: ReadonlySet<string> = new Set([
  "to_thread",
  "shield",
  "wait_for",
  "gather",
  "wait",
  "create_task",
  "ensure_future",
  "run_coroutine_threadsafe",
  "wrap_future",
  "Future",
]);

function targetProblem(target: SyntaxNode, context: RuleContext): [string, string] | undefined {
  const callee = target.type === "call" ? childOf(target, "function") : undefined;
  if (callee === undefined) {
    return [
      "The awaited object is not a call: a task or future runs elsewhere.",
      "Cancel the task through a cancel scope of its own.",
    ];
  }
  const known = context.references.find(({ node }) => node === callee);
  if (known?.api === "to_thread" || /\.run_in_executor$/.test(context.file.of(callee))) {
    return [
      "A thread cannot be cancelled, so the timeout would wait for it.",
      "Use `anyio.to_thread.run_sync(f, abandon_on_cancel=True)` under `fail_after`.",
    ];
  }
  if (
    (known !== undefined && slow.has(known.api)) ||
    /\.(create_task|create_future)$/.test(context.file.of(callee))
  ) {
    return [
      "The awaited object continues after the timeout.",
      "Give the task an owner, then use `fail_after`.",
    ];
  }
  return undefined;
}

function timeoutProblem(timeout: SyntaxNode, text: string): [string, string] | undefined {
  if (Number(text) === 0) {
    return [
      "With a timeout of 0, asyncio raises before the call starts; anyio runs it up to its first await.",
      advice,
    ];
  }
  let calls = !plainTimeout.has(timeout.type);
  walk(timeout, (node) => {
    if (node.type === "call") calls = true;
    return undefined;
  });
  return calls ? ["Its timeout is more than a number or a name.", advice] : undefined;
}

/** Whether an await is the only one of its statement, and not in a condition, a lambda or another await. */
function isOnlyAwait(statement: SyntaxNode, awaited: SyntaxNode): boolean {
  for (let at = awaited.parent; at !== undefined && at !== statement; at = at.parent) {
    if (scopes.has(at.type) || at.type.endsWith("comprehension") || at.type === "generator_expression")
      return false;
  }
  let others = false;
  walk(statement, (node) => {
    if (node === awaited) return false;
    if (node.type === "await" || node.type === "yield") others = true;
    return undefined;
  });
  return !others && !containsHere(awaited.children[0] ?? awaited, new Set(["yield"]));
}
