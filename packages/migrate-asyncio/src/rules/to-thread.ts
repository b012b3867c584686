import { callOf, isAwaited, rename } from "../call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { argumentsOf } from "../source-file.ts";
import { isBelowRun, loopProblem, safeThread, threadChange } from "../worker-thread.ts";

export const toThreadRule: AsyncioRule = {
  name: "to-thread",
  api: "asyncio.to_thread",
  apis: ["to_thread"],
  class: "S",
  summary:
    "safe below an `asyncio.run` of the same file, with positional arguments; marked in a file that runs or stops a loop by hand",
  target: "anyio.to_thread.run_sync(f, *args)",
  change: threadChange,
  apply: applyToThread,
};

function applyToThread(reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  if (call === undefined)
    return review(
      "`to_thread` is passed as a value.",
      "Pass `anyio.to_thread.run_sync`; it takes no keyword arguments for the function.",
    );
  if (!isAwaited(call, context)) {
    return review(
      "The coroutine is not awaited here.",
      "Await `anyio.to_thread.run_sync(f, abandon_on_cancel=True)` under `fail_after`, or start it in a task group.",
    );
  }
  const all = argumentsOf(call);
  const first = all?.[0];
  if (
    all === undefined ||
    first === undefined ||
    first.type === "list_splat" ||
    first.type === "keyword_argument"
  ) {
    return review(
      "The function is not the first positional argument.",
      "Call `anyio.to_thread.run_sync(f, *args)`.",
    );
  }
  const edit = rename(reference, "anyio.to_thread.run_sync");
  const named = all.some(
    (argument) => argument.type === "keyword_argument" || argument.type === "dictionary_splat",
  );
  const problem = loopProblem(context);
  if (problem !== undefined) return review(problem, "Run the program with `anyio.run(f, *args)` first.");
  const safe = isBelowRun(call, context);
  const reason = safe ? safeThread : threadChange;
  if (!named) return { class: safe ? "S" : "R", edits: [edit], modules: ["anyio"], reason };
  const last = all[all.length - 1] ?? first;
  return {
    class: "R",
    edits: [
      edit,
      { start: first.start, end: first.start, text: "functools.partial(" },
      { start: last.end, end: last.end, text: ")" },
    ],
    modules: ["anyio", "functools"],
    reason,
  };
}
