import { callOf, rename } from "../call.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { plainArguments } from "../source-file.ts";

export const timeoutRule: AsyncioRule = {
  name: "timeout",
  api: "asyncio.timeout",
  apis: ["timeout"],
  class: "R",
  summary: "`async with` becomes `with`",
  target: "with anyio.fail_after(seconds)",
  change:
    "A timeout cancels the block through a cancel scope: until the block ends, every await in it raises again.",
  apply: applyTimeout,
};

function applyTimeout(reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  const item = call?.parent;
  const clause = item?.parent;
  const statement = clause?.parent;
  if (call === undefined || item?.type === "as_pattern") {
    return review(
      "The timeout object is kept.",
      "Use `with anyio.fail_after(seconds) as scope:` and `scope.deadline`.",
    );
  }
  const plain = plainArguments(call, context.file);
  const single =
    clause?.type === "with_clause" &&
    clause.children.filter((child) => child.type === "with_item").length === 1;
  if (item?.type !== "with_item" || statement?.type !== "with_statement" || !single || plain === undefined) {
    return review(
      "It is not alone in an `async with`.",
      "Give it a `with anyio.fail_after(seconds):` of its own.",
    );
  }
  const keyword = /^async\s+/.exec(context.file.of(statement));
  if (keyword === null || plain.positional.length + plain.keywords.size !== 1) {
    return review(
      "It is not used as `async with asyncio.timeout(seconds):`.",
      "Use `with anyio.fail_after(seconds):`.",
    );
  }
  const delay = plain.positional[0] ?? plain.keywords.get("delay") ?? plain.keywords.get("when");
  if (delay === undefined)
    return review("Its argument is not a delay.", "Use `with anyio.fail_after(seconds):`.");
  const argument =
    delay.parent?.type === "keyword_argument"
      ? [{ start: delay.parent.start, end: delay.start, text: "" }]
      : [];
  return {
    class: "R",
    edits: [
      { start: statement.start, end: statement.start + keyword[0].length, text: "" },
      rename(reference, "anyio.fail_after"),
      ...argument,
    ],
    modules: ["anyio"],
  };
}
