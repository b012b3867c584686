import { callOf, inAsyncFunction } from "../call.ts";
import { executorRewrite, timeRewrite } from "../loop-rewrites.ts";
import { loopVariable, variableUses } from "../loop-uses.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { statementAround } from "../source-file.ts";
import { childOf } from "../tree.ts";

export const runningLoopRule: AsyncioRule = {
  name: "running-loop",
  api: "asyncio.get_running_loop, asyncio.get_event_loop",
  apis: ["get_running_loop", "get_event_loop"],
  class: "S",
  summary:
    "`.time()` in an `async def`; `.run_in_executor(None, …)` and a variable for these two are structural",
  target: "anyio.current_time()",
  apply: applyRunningLoop,
};

const advice =
  "anyio has no loop object: use `anyio.current_time()`, `to_thread.run_sync`, task groups or a portal";

function applyRunningLoop(reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  if (call === undefined) return review("it is passed as a value", advice);
  if (!inAsyncFunction(reference, context.file))
    return review("outside an `async def` the loop may be any", advice);
  const member = call.parent?.type === "attribute" && call.field === "object" ? call.parent : undefined;
  const name = member && childOf(member, "attribute");
  if (member !== undefined && name !== undefined) {
    const method = context.file.of(name);
    if (method === "time")
      return timeRewrite(member, "S") ?? review("the clock is passed as a value", advice);
    if (method === "run_in_executor") return executorRewrite(member, context);
    return review(`anyio has no \`loop.${method}\``, advice);
  }
  return dropVariable(reference, context);
}

/** `loop = asyncio.get_running_loop()` goes when every use of `loop` went. */
function dropVariable(reference: Reference, context: RuleContext): Verdict {
  const { file } = context;
  const variable = loopVariable(reference, file);
  const call = callOf(reference);
  const statement = call && statementAround(call);
  if (variable === undefined || call === undefined || statement === undefined)
    return review("the loop is handed on", advice);
  const uses = variableUses(variable, reference, context.scopes);
  if (uses.length === 0)
    return review("the loop is not used", "remove the line if nothing depends on a running loop");
  for (const use of uses) {
    const derived = context.references.find(
      ({ node, api }) => node === use.parent && api.startsWith("loop."),
    );
    if (derived === undefined) return review("the loop is handed on", advice);
    const verdict = context.verdictOn(derived);
    if (verdict === undefined) return { class: "later" };
    if (!("edits" in verdict))
      return review("the loop is used for more than its clock and its threads", advice);
  }
  const alone = (statement.parent?.children.filter(({ type }) => type !== "comment").length ?? 0) > 1;
  const lineEnd = file.text.indexOf("\n", statement.end);
  const whole = /^[ \t\r]*$/.test(file.between(statement.end, lineEnd)) && file.standsAlone(statement);
  if (
    call.parent?.type !== "assignment" ||
    call.parent.parent !== statement ||
    !alone ||
    !whole ||
    lineEnd < 0
  ) {
    return review("its line holds more than the assignment", advice);
  }
  return {
    class: "R",
    edits: [{ start: file.lineStart(statement.start), end: lineEnd + 1, text: "" }],
    modules: [],
  };
}
