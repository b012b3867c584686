import type { Change } from "@hother/cancelable-migrate/engine";
import { hasComment } from "../call.ts";
import { coroutineFunctions } from "../coroutine-call.ts";
import type { RuleContext } from "../rule.ts";
import { argumentsOf, type SourceFile } from "../source-file.ts";
import { childOf, containsHere, type SyntaxNode } from "../tree.ts";

/** The edits that turn `f(a, b)` into arguments of `start_soon`: `f, a, b`. Keyword arguments need functools.partial. */
export interface Unfolded {
  readonly edits: readonly Change[];
  readonly partial: boolean;
}

const waits: ReadonlySet<string> = new Set(["await", "yield", "named_expression"]);

/** The edits that turn a call into a function and its arguments, or the reason why this is not possible. */
export function unfoldCall(call: SyntaxNode, context: RuleContext): Unfolded | string {
  const { file } = context;
  const callee = childOf(call, "function");
  const list = childOf(call, "arguments");
  const all = argumentsOf(call);
  if (call.type !== "call" || callee === undefined || list === undefined || all === undefined) {
    return "The coroutine is not created by a call in place.";
  }
  if (isOtherAsyncio(call, context)) return "Another function of asyncio creates the coroutine.";
  if (containsHere(call, waits)) return "Its arguments contain an `await` or an assignment.";
  const partial = all.some(({ type }) => type === "keyword_argument" || type === "dictionary_splat");
  const first = all[0];
  const last = all.at(-1);
  const edits: Change[] = [];
  if (partial) edits.push({ start: callee.start, end: callee.start, text: "functools.partial(" });
  if (first === undefined || last === undefined) {
    if (hasComment(file, callee.end, call.end)) return "A comment stands between the brackets.";
    edits.push({ start: callee.end, end: call.end, text: "" });
    return { edits, partial };
  }
  if (hasComment(file, callee.end, first.start) || hasComment(file, last.end, call.end)) {
    return "A comment stands between the brackets.";
  }
  edits.push({ start: callee.end, end: first.start, text: ", " });
  edits.push({ start: last.end, end: call.end, text: partial ? ")" : "" });
  return { edits: edits.filter((edit) => edit.start !== edit.end || edit.text !== ""), partial };
}

/** Whether a call is one of asyncio's functions that cannot be started as they are: `wait_for(…)`, `shield(…)`. */
function isOtherAsyncio(call: SyntaxNode, context: RuleContext): boolean {
  const callee = childOf(call, "function");
  const known = context.references.find(({ node }) => node === callee);
  return known !== undefined && !coroutineFunctions.has(known.api);
}
