import { type AsyncioRule, reviewRule } from "../rule.ts";

export const ensureFutureRule: AsyncioRule = reviewRule({
  name: "ensure-future",
  apis: ["ensure_future"],
  class: "M",
  summary: "a task of a coroutine or a future",
  target: "tg.start_soon(f, *args)",
  reason: "the task needs an owner, and futures are accepted too",
  suggestion: "`tg.start_soon(f, *args)` in a task group that outlives it",
});
