import { type AsyncioRule, reviewRule } from "../rule.ts";

export const runnerRule: AsyncioRule = reviewRule({
  name: "runner",
  apis: ["Runner"],
  class: "M",
  summary: "keeps one loop over several runs",
  target: "anyio.from_thread.start_blocking_portal()",
  reason: "anyio has no runner object.",
  suggestion: "Use `anyio.from_thread.start_blocking_portal()`.",
});
