import { type AsyncioRule, reviewRule } from "../rule.ts";

export const runUntilCompleteRule: AsyncioRule = reviewRule({
  name: "run-until-complete",
  apis: ["loop.run_until_complete"],
  class: "M",
  summary: "running a coroutine on a loop that is used again",
  target: "anyio.run(f, *args)",
  reason: "the loop lives on after it in asyncio",
  suggestion: "one `anyio.run(f, *args)`, or a portal for several calls",
});
