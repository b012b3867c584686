import { awaitOf, callOf, inAsyncFunction } from "../call.ts";
import { isCoroutineCall } from "../coroutine-call.ts";
import type { Reference } from "../references.ts";
import type { RuleContext } from "../rule.ts";
import { argumentsOf, statementAround } from "../source-file.ts";
import { childOf, type SyntaxNode } from "../tree.ts";
import { type CancelledTask, cancelledTask } from "./cancelled-task.ts";

/** One call that makes a task. */
export interface StartedItem {
  readonly reference: Reference;
  readonly call: SyntaxNode;
  /** What runs: a call that makes a coroutine, or a function for a thread. */
  readonly runs: SyntaxNode;
}

/** `name = create_task(f())` and, later in the same block, the statement that awaits it: its only use. */
export interface StartedTask extends StartedItem {
  readonly name: string;
  /** The statement that starts it. */
  readonly first: SyntaxNode;
  readonly thread: boolean;
  /** The statement that waits for it. */
  readonly last: SyntaxNode;
  /** The use of the name that waits for it. */
  readonly use: SyntaxNode;
  /** `name.cancel()`, the statement before `last`, and the CancelledError that `last` lets go. */
  readonly cancelled: CancelledTask | undefined;
  /** The name holds a list: all calls of it, and the comprehension that makes it. */
  readonly list?: { readonly items: readonly StartedItem[]; readonly loop: SyntaxNode | undefined };
  /** The `gather` that waits for it together with others. */
  readonly gather: Reference | undefined;
}

/** The task that a reference starts, or why it is none of this kind. */
export function startedTask(reference: Reference, context: RuleContext): StartedTask | string {
  const { file, scopes } = context;
  const call = makerOf(reference, context);
  if (call === undefined) return "it is passed as a value";
  const target =
    call.parent?.type === "assignment" && call.field === "right" ? childOf(call.parent, "left") : undefined;
  const first = statementAround(call);
  if (target?.type !== "identifier" || first === undefined || call.parent?.parent !== first)
    return "the task is not kept in a name";
  if (childOf(call.parent, "type") !== undefined) return "the task's name has a type of asyncio";
  if (reference.scope.kind !== "function" || !inAsyncFunction(reference, file))
    return "it is started outside an `async def`";
  const what = runsWhat(call, reference, context);
  if (typeof what === "string") return what;
  const name = file.of(target);
  const owner = reference.scope.find(name);
  const uses = (scopes.occurrences.get(name) ?? [])
    .filter(({ scope }) => scope.find(name) === owner)
    .map(({ node }) => node)
    .sort((a, b) => a.start - b.start);
  const use = uses.at(-1);
  const cancelled = cancelledTask(uses, context);
  const known = uses.length === 1 || cancelled !== undefined;
  if (owner !== reference.scope || owner.bindings.get(name)?.length !== 1 || !known || use === undefined)
    return "the task runs beside the code after it, and is used for more than one `await`";
  const last = cancelled?.waits ?? statementAround(use);
  if (last === undefined || last.parent !== first.parent || last.start < first.end)
    return "the task runs beside the code after it, and is not awaited in the same block";
  const gather = gatherAround(use, context);
  if (awaitOf(use) === undefined && gather === undefined)
    return "the task runs beside the code after it, and is used for more than one `await`";
  return { reference, name, first, call, ...what, last, use, gather, cancelled };
}

/** The call that makes the task: `create_task(…)`, `get_running_loop().run_in_executor(…)`. */
function makerOf(reference: Reference, context: RuleContext): SyntaxNode | undefined {
  const call = callOf(reference);
  if (reference.api !== "get_running_loop" && reference.api !== "get_event_loop") return call;
  const member = call?.parent?.type === "attribute" && call.field === "object" ? call.parent : undefined;
  const name = member && childOf(member, "attribute");
  const outer = member?.parent?.type === "call" && member.field === "function" ? member.parent : undefined;
  return name !== undefined && context.file.of(name) === "run_in_executor" ? outer : undefined;
}

const strange: ReadonlySet<string> = new Set(["keyword_argument", "list_splat", "dictionary_splat"]);

export function runsWhat(
  call: SyntaxNode,
  reference: Reference,
  context: RuleContext,
): { runs: SyntaxNode; thread: boolean } | string {
  const { file } = context;
  const [head, ...rest] = argumentsOf(call) ?? [];
  if (head === undefined) return "what it starts cannot be seen";
  if (reference.api.startsWith("get_") || reference.api === "loop.run_in_executor") {
    const [runs] = rest;
    if (file.of(head) !== "None" || /\bset_default_executor\b/.test(file.text))
      return "it runs in an executor of its own";
    if (runs === undefined || strange.has(runs.type) || rest.some(({ type }) => type === "keyword_argument"))
      return "its arguments cannot be told apart";
    return { runs, thread: true };
  }
  if (head.type !== "call") return "the coroutine is not made by a call on the spot";
  const named = rest.every(
    (option) => option.type === "keyword_argument" && file.of(childOf(option, "name") ?? option) === "name",
  );
  if (!named) return "a task is made with other options than a name";
  // `create_task` takes coroutines only; `ensure_future` takes futures, too.
  if (reference.api === "ensure_future" && !isCoroutineCall(head, context))
    return "what it starts is not seen to be the call of an `async def`; it may be a future";
  return { runs: head, thread: false };
}

/** `await asyncio.gather(task, …)` with nothing but names. */
function gatherAround(use: SyntaxNode, context: RuleContext): Reference | undefined {
  const call = use.parent?.type === "argument_list" ? use.parent.parent : undefined;
  const gather = context.references.find(({ api, node }) => api === "gather" && node.parent === call);
  if (gather === undefined || call === undefined || callOf(gather) !== call || awaitOf(call) === undefined)
    return undefined;
  return argumentsOf(call)?.every(({ type }) => type === "identifier") ? gather : undefined;
}
