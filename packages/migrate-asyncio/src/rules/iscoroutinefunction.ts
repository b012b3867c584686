import { callOf, rename } from "../call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { plainArguments } from "../source-file.ts";

export const iscoroutinefunctionRule: AsyncioRule = {
  name: "iscoroutinefunction",
  api: "asyncio.iscoroutinefunction",
  apis: ["iscoroutinefunction"],
  class: "S",
  summary:
    "safe for a plain function of this file, structural for a parameter; asyncio's function also accepts a private marker",
  target: "inspect.iscoroutinefunction(f)",
  change: "Functions with asyncio's private marker are no longer accepted.",
  apply: applyIscoroutinefunction,
};

const advice = "Use `inspect.markcoroutinefunction` (Python 3.12) and `inspect.iscoroutinefunction`.";

function applyIscoroutinefunction(reference: Reference, context: RuleContext): Verdict {
  const { file } = context;
  const call = callOf(reference);
  if (call === undefined) return review("It is passed as a value.", "Pass `inspect.iscoroutinefunction`.");
  if (/_is_coroutine\b|\bmarkcoroutinefunction\b|\b\w*Mock\b|\bmock\b/.test(file.text)) {
    return review("The argument may be a mock, or a function with asyncio's private marker.", advice);
  }
  const origin = argumentOrigin(call, reference, context);
  if (origin === undefined) return review("The argument may have asyncio's private marker.", advice);
  const edits = [rename(reference, "inspect.iscoroutinefunction")];
  if (origin === "parameter") return { class: "R", edits, modules: ["inspect"] };
  const reason = "The argument is a function of this file, and both functions agree on it.";
  return { class: "S", edits, modules: ["inspect"], reason };
}

/** Whether the argument is an undecorated function of this file or a parameter. */
function argumentOrigin(
  call: NonNullable<ReturnType<typeof callOf>>,
  reference: Reference,
  context: RuleContext,
): "function" | "parameter" | undefined {
  const argument = plainArguments(call, context.file)?.positional[0];
  if (argument?.type !== "identifier") return undefined;
  const name = context.file.of(argument);
  const bindings = reference.scope.find(name)?.bindings.get(name) ?? [];
  const node = bindings.length === 1 ? bindings[0]?.node : undefined;
  const parent = node?.parent;
  if (parent?.type === "function_definition" && node?.field === "name") {
    return parent.parent?.type === "decorated_definition" ? undefined : "function";
  }
  const parameters = [
    "parameters",
    "lambda_parameters",
    "typed_parameter",
    "default_parameter",
    "typed_default_parameter",
  ];
  return parent !== undefined && parameters.includes(parent.type) ? "parameter" : undefined;
}
