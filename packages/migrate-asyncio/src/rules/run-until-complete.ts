import { loopRoundVerdict } from "../loop-rounds.ts";
import { type AsyncioRule, review } from "../rule.ts";

export const runUntilCompleteRule: AsyncioRule = {
  name: "run-until-complete",
  api: "loop.run_until_complete",
  apis: ["loop.run_until_complete"],
  class: "R",
  summary:
    "the only run of a loop that the same function makes and closes; a loop that is used again is marked",
  target: "anyio.run(f, *args)",
  apply: (reference, context) =>
    loopRoundVerdict(reference, context) ??
    review(
      "the loop lives on after it in asyncio",
      "one `anyio.run(f, *args)`, or a portal for several calls",
    ),
};
