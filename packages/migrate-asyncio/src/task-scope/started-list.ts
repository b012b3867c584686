import { awaitOf, callOf, inAsyncFunction } from "../call.ts";
import type { Reference } from "../references.ts";
import type { RuleContext } from "../rule.ts";
import { argumentsOf, statementAround } from "../source-file.ts";
import { childOf, type SyntaxNode } from "../tree.ts";
import { type StartedItem, type StartedTask, startedFunction } from "./started-task.ts";

/**
 * Finds `tasks = [create_task(f(x)) for x in xs]`, or a literal list, whose only use is `await gather(*tasks)` in the
 * same block. Returns the list for its first call, and `part` for further calls.
 */
export function startedList(reference: Reference, context: RuleContext): StartedTask | "part" | undefined {
  const { file, scopes } = context;
  const list = callOf(reference)?.parent;
  if (list?.type !== "list" && list?.type !== "list_comprehension") return undefined;
  const assignment = list.parent;
  const target =
    assignment?.type === "assignment" && list.field === "right" ? childOf(assignment, "left") : undefined;
  const first = statementAround(list);
  if (target?.type !== "identifier" || first === undefined || assignment?.parent !== first) return undefined;
  if (reference.scope.find(file.of(target))?.kind !== "function" || childOf(assignment, "type") !== undefined)
    return undefined;
  const made = list.type === "list" ? list.children : list.children.filter(({ field }) => field === "body");
  const items: StartedItem[] = [];
  for (const call of made) {
    const maker = context.references.find((other) => callOf(other) === call && isMaker(other.api));
    const started =
      maker === undefined || !inAsyncFunction(maker, file) ? "" : startedFunction(call, maker, context);
    if (
      maker === undefined ||
      typeof started === "string" ||
      started.thread ||
      argumentsOf(call)?.length !== 1
    )
      return undefined;
    items.push({ reference: maker, call, runs: started.runs });
  }
  const [item] = items;
  if (item === undefined) return undefined;
  if (item.reference !== reference) return "part";
  const name = file.of(target);
  const owner = reference.scope.find(name);
  const uses = (scopes.occurrences.get(name) ?? []).filter(({ scope }) => scope.find(name) === owner);
  const use = uses[0]?.node;
  const last = use && statementAround(use);
  if (owner?.bindings.get(name)?.length !== 1 || uses.length !== 1 || use === undefined || last === undefined)
    return undefined;
  if (last.parent !== first.parent || last.start < first.end) return undefined;
  const gather = gatherOf(use, context);
  if (gather === undefined) return undefined;
  const loop = list.type === "list" ? undefined : list;
  return {
    ...item,
    name,
    first,
    thread: false,
    last,
    use,
    gather,
    cancelled: undefined,
    list: { items, loop },
  };
}

function isMaker(api: string): boolean {
  return api === "create_task" || api === "loop.create_task" || api === "ensure_future";
}

/** The call of `gather` in `await asyncio.gather(*tasks)` without other arguments. */
function gatherOf(use: SyntaxNode, context: RuleContext): Reference | undefined {
  const splat = use.parent?.type === "list_splat" ? use.parent : undefined;
  const call = splat?.parent?.parent;
  const gather = context.references.find(({ api, node }) => api === "gather" && node.parent === call);
  if (gather === undefined || call === undefined || callOf(gather) !== call) return undefined;
  return awaitOf(call) !== undefined && argumentsOf(call)?.length === 1 ? gather : undefined;
}
