import { callOf, rename } from "../call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type TextEdit, type Verdict } from "../rule.ts";
import { functionAround, plainArguments } from "../source-file.ts";
import { isCoroutineCall, unfoldCall } from "../start-soon.ts";
import { childOf, type SyntaxNode } from "../tree.ts";

export const runRule: AsyncioRule = {
  name: "run",
  api: "asyncio.run",
  apis: ["run"],
  class: "R",
  summary:
    'the function and its arguments instead of a coroutine (safe in an `if __name__ == "__main__"` block)',
  target: "anyio.run(f, *args)",
  apply: applyRun,
};

function applyRun(reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  const plain = call && plainArguments(call, context.file);
  const [coroutine, ...others] = plain?.positional ?? [];
  if (call === undefined || plain === undefined || coroutine === undefined || others.length > 0) {
    return review(
      "it is not called with one coroutine",
      "`anyio.run(f, *args)` takes the function and its arguments",
    );
  }
  const unfolded = unfoldCall(coroutine, context);
  if (typeof unfolded === "string")
    return review(unfolded, "`anyio.run(f, *args)` takes the function, not a coroutine");
  const options = backendOptions(plain.keywords, context);
  if (options === undefined) return review("its options have no counterpart", "pass `backend_options={…}`");
  const guarded = isMainGuarded(call, context);
  const around = functionAround(call);
  if (!guarded && around !== undefined && !isEntry(around, context)) {
    return review(
      "library code may run in a thread whose context says that a loop is running; anyio.run refuses that",
      "call `anyio.run` at the program's entry, or `anyio.from_thread` from its worker threads",
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

/** `debug=x` becomes `backend_options={"debug": x}`. */
function backendOptions(
  keywords: ReadonlyMap<string, SyntaxNode>,
  context: RuleContext,
): TextEdit[] | undefined {
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

function isMainGuarded(call: SyntaxNode, context: RuleContext): boolean {
  for (let at: SyntaxNode = call; at.parent !== undefined; at = at.parent) {
    if (at.parent.type === "function_definition" || at.parent.type === "class_definition") return false;
    if (at.parent.type === "if_statement" && isMainTest(at.parent, context) && at.field === "consequence")
      return true;
  }
  return false;
}

function isMainTest(statement: SyntaxNode, { file }: RuleContext): boolean {
  const condition = childOf(statement, "condition");
  return condition !== undefined && /^__name__\s*==\s*["']__main__["']$/.test(file.of(condition));
}

/** A program's entry: named so by its path, or called from the file's `__main__` block. */
function isEntry(around: SyntaxNode, { file }: RuleContext): boolean {
  if (/(^|[\\/])__main__\.py$|(^|[\\/])(examples?|scripts?)[\\/]/.test(file.path)) return true;
  const name = childOf(around, "name");
  const block = /^if\s+__name__\s*==\s*["']__main__["'][^]*/m.exec(file.text)?.[0];
  return name !== undefined && block !== undefined && new RegExp(`\\b${file.of(name)}\\(`).test(block);
}
