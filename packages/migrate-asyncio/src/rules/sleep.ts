import { awaitOf, callOf, isAwaited, rename } from "../call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { plainArguments, statementAround } from "../source-file.ts";
import type { SyntaxNode } from "../tree.ts";

export const sleepRule: AsyncioRule = {
  name: "sleep",
  api: "asyncio.sleep",
  apis: ["sleep"],
  class: "S",
  summary: "awaited in place; with a `result=`, the rewrite is structural",
  target: "anyio.sleep(seconds)",
  change: "The pause is the same.",
  apply: applySleep,
};

function applySleep(reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  if (call === undefined)
    return review("`sleep` is passed as a value.", "Pass `anyio.sleep`, and await it in the called code.");
  if (!isAwaited(call, context))
    return review("The coroutine is not awaited here.", "Await it, or start it in a task group.");
  const plain = plainArguments(call, context.file);
  if (plain === undefined) return review("Its arguments are unpacked.", "Call `anyio.sleep(seconds)`.");
  const delay = plain.positional[0] ?? plain.keywords.get("delay");
  if (delay === undefined || plain.keywords.has("loop")) {
    return review("It is called with other arguments than a delay.", "Call `anyio.sleep(seconds)`.");
  }
  if (delay.type === "unary_operator") {
    return review("A negative delay is an error on trio.", "Use `anyio.lowlevel.checkpoint()`.");
  }
  const result = plain.positional[1] ?? plain.keywords.get("result");
  const edit = rename(reference, "anyio.sleep");
  if (result !== undefined) return splitResult(call, delay, result, context);
  return { class: "S", edits: [edit], modules: ["anyio"] };
}

const plainValues: ReadonlySet<string> = new Set([
  "identifier",
  "integer",
  "float",
  "string",
  "true",
  "false",
  "none",
  "list",
  "dictionary",
]);

/** The verdict on `x = await asyncio.sleep(d, v)`, which becomes two statements. */
function splitResult(call: SyntaxNode, delay: SyntaxNode, result: SyntaxNode, context: RuleContext): Verdict {
  const { file } = context;
  const awaited = awaitOf(call);
  const statement = file.statementOf(call);
  const whole =
    awaited?.parent?.type === "return_statement" ||
    awaited?.parent?.type === "assignment" ||
    awaited?.parent?.type === "expression_statement";
  if (
    awaited === undefined ||
    statement === undefined ||
    !whole ||
    statement !== statementAround(awaited) ||
    !plainValues.has(result.type)
  ) {
    return review("anyio's `sleep` has no result.", "Await `anyio.sleep(seconds)`, then use the value.");
  }
  const pause = `await anyio.sleep(${file.of(delay)})${file.eol}${file.indent(statement)}`;
  return {
    class: "R",
    edits: [
      { start: statement.start, end: statement.start, text: pause },
      { start: awaited.start, end: awaited.end, text: file.of(result) },
    ],
    modules: ["anyio"],
  };
}
