import { rename } from "../call.ts";
import type { Reference } from "../references.ts";
import { belowAsyncio } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";

export const timeoutErrorRule: AsyncioRule = {
  name: "timeout-error",
  api: "asyncio.TimeoutError",
  apis: ["TimeoutError"],
  class: "S",
  summary:
    "the builtin, which is the same class from Python 3.11 on (before: caught together with it, structural)",
  target: "TimeoutError",
  apply: applyTimeoutError,
};

function applyTimeoutError(reference: Reference, context: RuleContext): Verdict {
  const { file } = context;
  const bound = reference.scope.find("TimeoutError")?.bindings.get("TimeoutError") ?? [];
  if (bound.some((binding) => belowAsyncio(binding.target) === undefined)) {
    return review("the builtin `TimeoutError` is hidden by another name here", "use `builtins.TimeoutError`");
  }
  const own = bound.length > 0;
  if (context.pythonHas("3.11"))
    return { class: "S", edits: [rename(reference, "TimeoutError")], modules: [] };
  const parent = reference.node.parent;
  const pattern = parent?.type === "as_pattern" && parent.children[0] === reference.node ? parent : undefined;
  const caught = (pattern ?? reference.node).parent?.type === "except_clause";
  if (!caught || own) {
    return review(
      "before Python 3.11 asyncio's and the builtin class differ",
      "raise the builtin; catch both",
    );
  }
  const text = `(TimeoutError, ${file.of(reference.node)})`;
  return { class: "R", edits: [rename(reference, text)], modules: [], keepsName: true };
}
