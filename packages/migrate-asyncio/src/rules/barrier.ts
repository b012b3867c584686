import { type AsyncioRule, reviewRule } from "../rule.ts";

export const barrierRule: AsyncioRule = reviewRule({
  name: "barrier",
  apis: ["Barrier", "BrokenBarrierError"],
  class: "X",
  summary: "a barrier",
  target: "none",
  reason: "anyio has no barrier.",
  suggestion: "Count arrivals under an `anyio.Condition`, or keep asyncio.",
});
