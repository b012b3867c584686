import { type AsyncioRule, reviewRule } from "../rule.ts";

export const taskRule: AsyncioRule = reviewRule({
  name: "task",
  apis: ["Task", "current_task", "all_tasks"],
  class: "M",
  summary: "task objects",
  target: "anyio.get_current_task(), cancel scopes",
  reason: "anyio's `TaskInfo` cannot be cancelled or awaited.",
  suggestion: "Cancel through a `CancelScope`. `anyio.get_current_task()` has the name and the id.",
});
