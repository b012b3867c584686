import type { Change } from "@hother/cancelable-migrate/engine";
import { callOf, rename } from "../call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { argumentsOf } from "../source-file.ts";
import { unfoldCall } from "../task-scope/start-soon.ts";
import { childOf, type SyntaxNode } from "../tree.ts";

export const taskGroupRule: AsyncioRule = {
  name: "task-group",
  api: "asyncio.TaskGroup",
  apis: ["TaskGroup"],
  class: "R",
  summary: "`tg.create_task(f(a))` stays from anyio 4.14 on; before, it becomes `tg.start_soon(f, a)`",
  target: "anyio.create_task_group()",
  change:
    "After a failure, the group of anyio still accepts tasks, and cancels them. Exceptions are raised in a group, as before.",
  apply: applyTaskGroup,
};

const advice = "Use `async with anyio.create_task_group() as tg:`.";

function applyTaskGroup(reference: Reference, context: RuleContext): Verdict {
  const { file, scopes } = context;
  const call = callOf(reference);
  if (call === undefined)
    return review("The class is named, not called.", "The type is `anyio.abc.TaskGroup`.");
  const item = call.parent;
  const alias = item?.type === "as_pattern" ? childOf(item, "alias")?.children[0] : undefined;
  const withItem = item?.type === "as_pattern" ? item.parent : item;
  if (withItem?.type !== "with_item" || (argumentsOf(call)?.length ?? 1) > 0) {
    return review("It is not created in an `async with`.", advice);
  }
  const edits: Change[] = [rename(reference, "anyio.create_task_group")];
  if (alias === undefined) return { class: "R", edits, modules: ["anyio"] };
  if (alias.type !== "identifier") return review("It is not kept in a local variable.", advice);
  const name = file.of(alias);
  const scope = reference.scope.find(name);
  if (scope === undefined || scope.kind !== "function")
    return review("Other files can use its name.", advice);
  let partial = false;
  for (const { node, scope: at } of scopes.occurrences.get(name) ?? []) {
    if (at.find(name) !== scope) continue;
    const change = memberChange(node, context);
    if (typeof change === "string") return review(change, advice);
    edits.push(...change.edits);
    partial ||= change.partial;
  }
  return { class: "R", edits, modules: partial ? ["anyio", "functools"] : ["anyio"] };
}

interface UseRewrite {
  readonly edits: readonly Change[];
  readonly partial: boolean;
}

/** The edits at one use of the group, or the reason why the use prevents the rewrite. */
function memberChange(node: SyntaxNode, context: RuleContext): UseRewrite | string {
  const { file } = context;
  const method = node.parent?.type === "attribute" && node.field === "object" ? node.parent : undefined;
  const name = method && childOf(method, "attribute");
  const call = method?.parent?.type === "call" && method.field === "function" ? method.parent : undefined;
  if (name === undefined || call === undefined) return "The group is passed on.";
  const arguments_ = argumentsOf(call);
  const [coroutine, ...options] = arguments_ ?? [];
  if (file.of(name) === "start_soon") return { edits: [], partial: false };
  if (file.of(name) !== "create_task" || coroutine === undefined)
    return `\`${file.of(method as SyntaxNode)}\` has no counterpart`;
  const named = options.every(
    (option) => option.type === "keyword_argument" && file.of(childOf(option, "name") ?? option) === "name",
  );
  if (!named) return "The task is created with other options than a name.";
  context.consume(coroutine);
  if (context.anyioHas("4.14")) return { edits: [], partial: false };
  if (call.parent?.type !== "expression_statement")
    return "A task is kept; anyio has task handles from 4.14 on.";
  const unfolded = unfoldCall(coroutine, context);
  if (typeof unfolded === "string") return unfolded;
  return {
    edits: [{ start: name.start, end: name.end, text: "start_soon" }, ...unfolded.edits],
    partial: unfolded.partial,
  };
}
