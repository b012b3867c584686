import { callOf, inAsyncFunction } from "../call.ts";
import { executorRewrite, timeRewrite, withTaskScope } from "../loop-rewrites.ts";
import { isProgramsOwn, loopRoundVerdict } from "../loop-rounds.ts";
import { loopVariable, variableUses } from "../loop-uses.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { statementAround } from "../source-file.ts";
import { childOf } from "../tree.ts";
import { removeStatement } from "../whole-lines.ts";

export const runningLoopRule: AsyncioRule = {
  name: "running-loop",
  api: "asyncio.get_running_loop, asyncio.get_event_loop",
  apis: ["get_running_loop", "get_event_loop"],
  class: "S",
  summary:
    "`.time()` in an `async def`, directly or through a variable; `.run_in_executor(None, …)` is structural",
  target: "anyio.current_time()",
  change: "On asyncio, anyio's clock is the clock of the loop.",
  apply: applyRunningLoop,
};

const advice =
  "anyio has no loop object. Use `anyio.current_time()`, `to_thread.run_sync`, task groups or a blocking portal.";

function applyRunningLoop(reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  if (call === undefined) return review("It is passed as a value.", advice);
  const round = isProgramsOwn(reference, context) ? loopRoundVerdict(reference, context) : undefined;
  if (round !== undefined) return round;
  if (!inAsyncFunction(reference, context.file))
    return review("Outside an `async def`, the loop is unknown.", advice);
  const member = call.parent?.type === "attribute" && call.field === "object" ? call.parent : undefined;
  const name = member && childOf(member, "attribute");
  if (member !== undefined && name !== undefined) {
    const method = context.file.of(name);
    if (method === "time")
      return timeRewrite(member, "S") ?? review("The clock is passed as a value.", advice);
    if (method === "run_in_executor")
      return withTaskScope(executorRewrite(member, context), reference, context);
    return review(`anyio has no \`loop.${method}\`.`, advice);
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
    return review("The loop is passed on.", advice);
  const uses = variableUses(variable, reference, context.scopes);
  if (uses.length === 0)
    return review(
      "The loop is not used.",
      "Remove the line, unless the code relies on the error without a running loop.",
    );
  let safe = true;
  for (const use of uses) {
    const derived = context.references.find(
      ({ node, api }) => node === use.parent && api.startsWith("loop."),
    );
    if (derived === undefined) return review("The loop is passed on.", advice);
    const verdict = context.verdictOn(derived);
    if (verdict === undefined) return { class: "later" };
    if (!("edits" in verdict))
      return review("The loop is used for more than its clock and its threads.", advice);
    safe &&= verdict.class === "S";
  }
  const edit = call.parent?.parent === statement ? removeStatement(file, statement) : undefined;
  if (edit === undefined) return review("Its line holds more than the assignment.", advice);
  const reason = "Every use of the loop is rewritten, so the variable is no longer needed.";
  return { class: safe ? "S" : "R", edits: [edit], modules: [], reason };
}
