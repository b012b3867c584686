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
    "safe for a plain function of this file, structural for a parameter; asyncio's also knows a private marker",
  target: "inspect.iscoroutinefunction(f)",
  apply: applyIscoroutinefunction,
};

const advice = "use `inspect.markcoroutinefunction` (Python 3.12) and `inspect.iscoroutinefunction`";

function applyIscoroutinefunction(reference: Reference, context: RuleContext): Verdict {
  const { file } = context;
  const call = callOf(reference);
  if (call === undefined) return review("it is passed as a value", "pass `inspect.iscoroutinefunction`");
  if (/_is_coroutine\b|\bmarkcoroutinefunction\b|\b\w*Mock\b|\bmock\b/.test(file.text)) {
    return review("functions with asyncio's private marker, or mocks, may be asked here", advice);
  }
  const origin = argumentOrigin(call, reference, context);
  if (origin === undefined) return review("what is asked may carry asyncio's private marker", advice);
  const edits = [rename(reference, "inspect.iscoroutinefunction")];
  return { class: origin === "function" ? "S" : "R", edits, modules: ["inspect"] };
}

/** What the asked name is bound to: an undecorated function of this file, or a parameter. */
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
