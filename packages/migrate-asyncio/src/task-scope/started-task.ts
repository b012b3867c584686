import { awaitOf, callOf, inAsyncFunction } from "../call.ts";
import { isCoroutineCall } from "../coroutine-call.ts";
import type { Reference } from "../references.ts";
import type { RuleContext } from "../rule.ts";
import { argumentsOf, statementAround } from "../source-file.ts";
import { childOf, type SyntaxNode } from "../tree.ts";
import { type CancelledTask, cancelledTask } from "./cancelled-task.ts";

/** One call that creates a task. */
export interface StartedItem {
  readonly reference: Reference;
  readonly call: SyntaxNode;
  /** The call that creates the coroutine, or the function for a thread. */
  readonly runs: SyntaxNode;
}

/** `name = create_task(f())`, whose only use is an `await` later in the same block. */
export interface StartedTask extends StartedItem {
  readonly name: string;
  /** The statement that starts the task. */
  readonly first: SyntaxNode;
  readonly thread: boolean;
  /** The statement that waits for the task. */
  readonly last: SyntaxNode;
  /** The use of the name in that statement. */
  readonly use: SyntaxNode;
  /** Set if `name.cancel()` stands before `last`, and `last` ignores the CancelledError. */
  readonly cancelled: CancelledTask | undefined;
  /** Set if the name holds a list: the calls in it, and its comprehension. */
  readonly list?: { readonly items: readonly StartedItem[]; readonly loop: SyntaxNode | undefined };
  /** The `gather` that waits for the task together with others. */
  readonly gather: Reference | undefined;
}

/** The task that a reference starts, or the reason why it is not of this kind. */
export function startedTask(reference: Reference, context: RuleContext): StartedTask | string {
  const { file, scopes } = context;
  const call = makerOf(reference, context);
  if (call === undefined) return "It is passed as a value.";
  const target =
    call.parent?.type === "assignment" && call.field === "right" ? childOf(call.parent, "left") : undefined;
  const first = statementAround(call);
  if (target?.type !== "identifier" || first === undefined || call.parent?.parent !== first)
    return "The task is not kept in a name.";
  if (childOf(call.parent, "type") !== undefined) return "The variable of the task has a type annotation.";
  if (reference.scope.kind !== "function" || !inAsyncFunction(reference, file))
    return "It is started outside an `async def`.";
  const started = startedFunction(call, reference, context);
  if (typeof started === "string") return started;
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
    return "The task runs beside the code after it, and has other uses than one `await`.";
  const last = cancelled?.waits ?? statementAround(use);
  if (last === undefined || last.parent !== first.parent || last.start < first.end)
    return "The task runs beside the code after it, and is not awaited in the same block.";
  const gather = gatherAround(use, context);
  if (awaitOf(use) === undefined && gather === undefined)
    return "The task runs beside the code after it, and has other uses than one `await`.";
  return { reference, name, first, call, ...started, last, use, gather, cancelled };
}

/** The call that creates the task: `create_task(…)`, `get_running_loop().run_in_executor(…)`. */
function makerOf(reference: Reference, context: RuleContext): SyntaxNode | undefined {
  const call = callOf(reference);
  if (reference.api !== "get_running_loop" && reference.api !== "get_event_loop") return call;
  const member = call?.parent?.type === "attribute" && call.field === "object" ? call.parent : undefined;
  const name = member && childOf(member, "attribute");
  const outer = member?.parent?.type === "call" && member.field === "function" ? member.parent : undefined;
  return name !== undefined && context.file.of(name) === "run_in_executor" ? outer : undefined;
}

const strange: ReadonlySet<string> = new Set(["keyword_argument", "list_splat", "dictionary_splat"]);

export function startedFunction(
  call: SyntaxNode,
  reference: Reference,
  context: RuleContext,
): { runs: SyntaxNode; thread: boolean } | string {
  const { file } = context;
  const [head, ...rest] = argumentsOf(call) ?? [];
  if (head === undefined) return "The started function is not in the arguments.";
  if (reference.api.startsWith("get_") || reference.api === "loop.run_in_executor") {
    const [runs] = rest;
    if (file.of(head) !== "None" || /\bset_default_executor\b/.test(file.text))
      return "It runs in an executor of the program, not in the default one.";
    if (runs === undefined || strange.has(runs.type) || rest.some(({ type }) => type === "keyword_argument"))
      return "Its arguments are unpacked or named.";
    return { runs, thread: true };
  }
  if (head.type !== "call") return "The coroutine is not created by a call in place.";
  const named = rest.every(
    (option) => option.type === "keyword_argument" && file.of(childOf(option, "name") ?? option) === "name",
  );
  if (!named) return "The task is created with other options than a name.";
  // `create_task` takes only coroutines; `ensure_future` also takes futures.
  if (reference.api === "ensure_future" && !isCoroutineCall(head, context))
    return "The argument may be a future: it is not the call of an `async def` of this file.";
  return { runs: head, thread: false };
}

/** The `gather` around a use, if all its arguments are names: `await asyncio.gather(task, …)`. */
function gatherAround(use: SyntaxNode, context: RuleContext): Reference | undefined {
  const call = use.parent?.type === "argument_list" ? use.parent.parent : undefined;
  const gather = context.references.find(({ api, node }) => api === "gather" && node.parent === call);
  if (gather === undefined || call === undefined || callOf(gather) !== call || awaitOf(call) === undefined)
    return undefined;
  return argumentsOf(call)?.every(({ type }) => type === "identifier") ? gather : undefined;
}
