import type { Change } from "@hother/cancelable-migrate/engine";
import { rename } from "../call.ts";
import type { Reference } from "../references.ts";
import { belowAsyncio } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import type { SourceFile } from "../source-file.ts";
import { childOf, type SyntaxNode } from "../tree.ts";

export const timeoutErrorRule: AsyncioRule = {
  name: "timeout-error",
  api: "asyncio.TimeoutError",
  apis: ["TimeoutError"],
  class: "S",
  summary:
    "the builtin is the same class from Python 3.11 on; before, both are caught together, which is structural",
  target: "TimeoutError",
  change: "From Python 3.11 on, the builtin is the same class.",
  apply: applyTimeoutError,
};

function applyTimeoutError(reference: Reference, context: RuleContext): Verdict {
  const { file } = context;
  const bound = reference.scope.find("TimeoutError")?.bindings.get("TimeoutError") ?? [];
  if (bound.some((binding) => belowAsyncio(binding.target) === undefined)) {
    return review("Another binding hides the builtin `TimeoutError` here.", "Use `builtins.TimeoutError`.");
  }
  const own = bound.length > 0;
  if (context.pythonHas("3.11"))
    return { class: "S", edits: [rename(reference, "TimeoutError")], modules: [] };
  const place = own ? undefined : caughtIn(reference.node, file);
  if (place === undefined) {
    return review(
      "Before Python 3.11, asyncio's class and the builtin are different.",
      "Raise the builtin; catch both.",
    );
  }
  if (place === "both") {
    return review(
      "It is caught together with the builtin, as required before Python 3.11.",
      "Remove it when Python 3.11 is the oldest supported version.",
    );
  }
  const pair = `TimeoutError, ${file.of(reference.node)}`;
  const edits: Change[] = [rename(reference, place === "list" ? pair : `(${pair})`)];
  const reason = "Before Python 3.11, the classes differ; the code now accepts both.";
  return { class: "R", edits, modules: [], keepsName: true, reason };
}

/** Functions whose first argument is an expected class. */
const expects = /(^|\.)(raises|assertRaises|assertRaisesRegex)$/;
/** Functions whose second argument is an expected class. */
const compares: ReadonlySet<string> = new Set(["isinstance", "issubclass"]);

/**
 * Whether a tuple of classes can replace the class: `alone` in an `except`, in `pytest.raises(…)` or in
 * `isinstance(…)`; `list` in such a tuple, or in `suppress(…)`, which takes any number; `both` if the builtin is there
 * already.
 */
function caughtIn(node: SyntaxNode, file: SourceFile): "alone" | "list" | "both" | undefined {
  const parent = node.parent;
  if (parent?.type === "tuple") {
    if (caughtIn(parent, file) === undefined) return undefined;
    return parent.children.some((other) => file.of(other) === "TimeoutError") ? "both" : "list";
  }
  const pattern = parent?.type === "as_pattern" && parent.children[0] === node ? parent : undefined;
  if ((pattern ?? node).parent?.type === "except_clause") return "alone";
  const call = parent?.type === "argument_list" ? parent.parent : undefined;
  const callee = call?.type === "call" ? childOf(call, "function") : undefined;
  if (parent === undefined || callee === undefined) return undefined;
  const name = file.of(callee);
  const others = parent.children.filter((child) => child.type !== "comment");
  if (/(^|\.)suppress$/.test(name)) {
    return others.some((other) => file.of(other) === "TimeoutError") ? "both" : "list";
  }
  const wanted = compares.has(name) ? 1 : expects.test(name) ? 0 : undefined;
  return wanted !== undefined && others[wanted] === node ? "alone" : undefined;
}
