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
    "the builtin, which is the same class from Python 3.11 on (before: caught or expected together with it, structural)",
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
  const place = own ? undefined : caughtIn(reference.node, file);
  if (place === undefined) {
    return review(
      "before Python 3.11 asyncio's and the builtin class differ",
      "raise the builtin; catch both",
    );
  }
  if (place === "both") {
    return review(
      "it is caught together with the builtin, as it has to be before Python 3.11",
      "drop it when Python 3.11 is the oldest",
    );
  }
  const pair = `TimeoutError, ${file.of(reference.node)}`;
  const edits: Change[] = [rename(reference, place === "list" ? pair : `(${pair})`)];
  return { class: "R", edits, modules: [], keepsName: true };
}

/** Functions that take a class to expect in the place of their first argument (of their second: `isinstance`). */
const expects = /(^|\.)(raises|assertRaises|assertRaisesRegex)$/;
const compares: ReadonlySet<string> = new Set(["isinstance", "issubclass"]);

/**
 * Whether a tuple of classes may stand for the one: in an `except`, in `pytest.raises(…)`, in `isinstance(…)`.
 * `list`: it is in such a tuple already, or in `suppress(…)`, which takes any number.
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
