import { type AsyncioRule, reviewRule } from "../rule.ts";

export const waitRule: AsyncioRule = reviewRule({
  name: "wait",
  apis: ["wait", "as_completed", "FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"],
  class: "M",
  summary: "waiting for some of several tasks",
  target: "task group and memory object stream",
  reason: "asyncio leaves unfinished tasks running; anyio cancels them.",
  suggestion: "Send the results into a memory object stream from a task group.",
});
