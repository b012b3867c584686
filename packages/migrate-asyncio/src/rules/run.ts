import type { Change } from "@hother/cancelable-migrate/engine";
import { callOf, rename } from "../call.ts";
import { isCoroutineCall } from "../coroutine-call.ts";
import { isEntry, isMainGuarded } from "../entry.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { plainArguments } from "../source-file.ts";
import { unfoldCall } from "../task-scope/start-soon.ts";
import type { SyntaxNode } from "../tree.ts";

export const runRule: AsyncioRule = {
  name: "run",
  api: "asyncio.run",
  apis: ["run"],
  class: "R",
  summary:
    'takes the function and its arguments instead of a coroutine; safe in an `if __name__ == "__main__"` block',
  target: "anyio.run(f, *args)",
  change: "`anyio.run` creates and closes the loop, as `asyncio.run` does.",
  apply: applyRun,
};

function applyRun(reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  const plain = call && plainArguments(call, context.file);
  const [coroutine, ...others] = plain?.positional ?? [];
  if (call === undefined || plain === undefined || coroutine === undefined || others.length > 0) {
    return review(
      "It is not called with one coroutine.",
      "`anyio.run(f, *args)` takes the function and its arguments.",
    );
  }
  const unfolded = unfoldCall(coroutine, context);
  if (typeof unfolded === "string")
    return review(unfolded, "`anyio.run(f, *args)` takes the function, not a coroutine.");
  const options = backendOptions(plain.keywords, context);
  if (options === undefined) return review("Its options have no counterpart.", "Pass `backend_options={…}`.");
  const guarded = isMainGuarded(call, context.file);
  if (!isEntry(call, context.file)) {
    return review(
      "Library code may run in a thread that inherited the context of a running loop; `anyio.run` refuses to start there.",
      "Call `anyio.run` at the program's entry, or `anyio.from_thread` in its worker threads.",
    );
  }
  context.consume(coroutine);
  const safe = guarded && !unfolded.partial && options.length === 0 && isCoroutineCall(coroutine, context);
  return {
    class: safe ? "S" : "R",
    edits: [rename(reference, "anyio.run"), ...unfolded.edits, ...options],
    modules: unfolded.partial ? ["anyio", "functools"] : ["anyio"],
  };
}

/** The edits that turn `debug=x` into `backend_options={"debug": x}`. */
function backendOptions(
  keywords: ReadonlyMap<string, SyntaxNode>,
  context: RuleContext,
): Change[] | undefined {
  const entries = [...keywords];
  const [entry] = entries;
  if (entry === undefined) return [];
  const [name, value] = entry;
  const known = name === "debug" || (name === "loop_factory" && context.anyioHas("4.1"));
  if (entries.length > 1 || !known || value.parent === undefined) return undefined;
  return [
    { start: value.parent.start, end: value.start, text: `backend_options={"${name}": ` },
    { start: value.end, end: value.end, text: "}" },
  ];
}
