import { isAwaited } from "./call.ts";
import type { Reference } from "./references.ts";
import { type Rewrite, type RuleContext, review, type Verdict } from "./rule.ts";
import { argumentsOf } from "./source-file.ts";
import { taskScopeVerdict } from "./task-scope/task-scopes.ts";
import type { SyntaxNode } from "./tree.ts";
import { loopProblem, threadChange } from "./worker-thread.ts";

/** Rewrites `<loop>.time()` to `anyio.current_time()`; undefined if `.time` is not called. */
export function timeRewrite(member: SyntaxNode, cls: "S" | "R"): Rewrite | undefined {
  const call = member.parent;
  if (call?.type !== "call" || member.field !== "function") return undefined;
  return {
    class: cls,
    edits: [{ start: member.start, end: member.end, text: "anyio.current_time" }],
    modules: ["anyio"],
  };
}

const advice = "Use `anyio.to_thread.run_sync(f, *args)`, or `anyio.to_process.run_sync` for a process pool.";

/** Rewrites `await <loop>.run_in_executor(None, f, *a)` to `await anyio.to_thread.run_sync(f, *a)`. */
export function executorRewrite(member: SyntaxNode, context: RuleContext): Verdict {
  const { file } = context;
  const call = member.parent;
  if (call?.type !== "call" || member.field !== "function")
    return review("The method is passed as a value.", advice);
  if (!isAwaited(call, context)) return review("The future is not awaited in place.", advice);
  const [executor, first, ...rest] = argumentsOf(call) ?? [];
  if (executor === undefined || file.of(executor) !== "None")
    return review("The function runs in an executor of the program, not in the default one.", advice);
  const strange = ["keyword_argument", "list_splat", "dictionary_splat"];
  if (
    first === undefined ||
    strange.includes(first.type) ||
    rest.some(({ type }) => type === "keyword_argument")
  ) {
    return review("The arguments are unpacked or named.", advice);
  }
  if (file.between(executor.end, first.start).includes("#"))
    return review("A comment stands between the arguments.", advice);
  const problem = loopProblem(context);
  if (problem !== undefined) return review(problem, advice);
  return {
    class: "R",
    edits: [
      { start: member.start, end: member.end, text: "anyio.to_thread.run_sync" },
      { start: executor.start, end: first.start, text: "" },
    ],
    modules: ["anyio"],
    reason: threadChange,
  };
}

/** The direct verdict if it is a rewrite, otherwise the one for a thread that is awaited later in the same block. */
export function withTaskScope(direct: Verdict, reference: Reference, context: RuleContext): Verdict {
  if ("edits" in direct) return direct;
  const later = taskScopeVerdict(reference, context);
  return later !== undefined && "edits" in later ? later : direct;
}
