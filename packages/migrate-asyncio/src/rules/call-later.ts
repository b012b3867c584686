import { type AsyncioRule, reviewRule } from "../rule.ts";

export const callLaterRule: AsyncioRule = reviewRule({
  name: "call-later",
  apis: ["loop.call_later", "loop.call_at", "loop.call_soon"],
  class: "M",
  summary: "callbacks on a timer",
  target: "a task that sleeps",
  reason: "anyio has no timer callbacks.",
  suggestion: "Start a function that sleeps first: `tg.start_soon(f)`.",
});
