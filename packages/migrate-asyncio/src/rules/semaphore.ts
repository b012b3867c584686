import type { Change } from "@hother/cancelable-migrate/engine";
import type { HeldUse } from "../held-object.ts";
import { applyPrimitive, hasFastAcquire, type Primitive, turnChange } from "../primitive.ts";
import type { AsyncioRule } from "../rule.ts";
import { childOf, type SyntaxNode } from "../tree.ts";

/** The edits that turn `x.locked()` into `(x.value == 0)`. */
export function lockedAsValue(use: HeldUse): readonly Change[] | undefined {
  if (use.kind !== "locked" || use.call === undefined) return undefined;
  return [
    { start: use.node.start, end: use.node.start, text: "(" },
    { start: use.node.end, end: use.call.end, text: ".value == 0)" },
  ];
}

const semaphore: Primitive = {
  target: "anyio.Semaphore",
  methods: new Set(["release"]),
  resultless: new Set(["acquire"]),
  mayBePublic: true,
  mayEscape: true,
  isOwned: false,
  safeWhenLocal: false,
  arguments: (call, plain, context) => {
    const value = plain.positional[0] ?? plain.keywords.get("value");
    const count = plain.positional.length + plain.keywords.size;
    const fast = hasFastAcquire(context) ? ", fast_acquire=True" : "";
    if (count === 0) return [insertFirst(call, `1${fast}`)];
    if (value === undefined || count > 1)
      return "It is created with arguments that anyio's class does not take.";
    const added = fast === "" ? [] : [{ start: value.end, end: value.end, text: fast }];
    return value.parent?.type === "keyword_argument" ? [renameKeyword(value.parent), ...added] : added;
  },
  change: (context) => `Its \`acquire()\` returns None.${turnChange(context)}`,
  use: lockedAsValue,
  suggestion: "Use `anyio.Semaphore(n)`. It has `.value`, no `.locked()`, and `acquire()` returns None.",
};

/** The edit that adds the first argument to a call without arguments. */
export function insertFirst(call: SyntaxNode, text: string): Change {
  const at = (childOf(call, "arguments") as SyntaxNode).start + 1;
  return { start: at, end: at, text };
}

/** The edit that renames the keyword to anyio's `initial_value`. */
function renameKeyword(keyword: SyntaxNode): Change {
  const name = childOf(keyword, "name") as SyntaxNode;
  return { start: name.start, end: name.end, text: "initial_value" };
}

export const semaphoreRule: AsyncioRule = {
  name: "semaphore",
  api: "asyncio.Semaphore",
  apis: ["Semaphore"],
  class: "R",
  summary: "the count is required; `locked()` becomes `value == 0`",
  target: "anyio.Semaphore(n)",
  apply: (reference, context) => applyPrimitive(semaphore, reference, context),
};
