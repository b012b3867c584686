import { type AsyncioRule, reviewRule } from "../rule.ts";

export const callGraphRule: AsyncioRule = reviewRule({
  name: "call-graph",
  apis: [
    "capture_call_graph",
    "format_call_graph",
    "print_call_graph",
    "future_add_to_awaited_by",
    "future_discard_from_awaited_by",
    "FrameCallGraphEntry",
    "FutureCallGraph",
  ],
  class: "X",
  summary: "call graphs of Python 3.14",
  target: "none",
  reason: "Only asyncio's tasks have call graphs.",
  suggestion: "Keep asyncio for this tool.",
});
