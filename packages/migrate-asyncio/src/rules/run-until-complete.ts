import { loopRoundVerdict } from "../loop-rounds.ts";
import { type AsyncioRule, review } from "../rule.ts";

export const runUntilCompleteRule: AsyncioRule = {
  name: "run-until-complete",
  api: "loop.run_until_complete",
  apis: ["loop.run_until_complete"],
  class: "R",
  summary:
    "the only run of a loop that the same function creates and closes; a loop with other uses is marked",
  target: "anyio.run(f, *args)",
  change:
    "`anyio.run` creates and closes the loop. Before it closes the loop, it cancels the remaining tasks.",
  apply: (reference, context) =>
    loopRoundVerdict(reference, context) ??
    review(
      "In asyncio, the loop stays open after it.",
      "Use one `anyio.run(f, *args)`, or a blocking portal for several calls.",
    ),
};
