import { type AsyncioRule, reviewRule } from "../rule.ts";

export const timeoutTypeRule: AsyncioRule = reviewRule({
  name: "timeout-type",
  apis: ["Timeout"],
  class: "M",
  summary: "the type of a timeout",
  target: "anyio.CancelScope",
  reason: "anyio's scope has other members.",
  suggestion: "Use `anyio.CancelScope` with `deadline` and `cancelled_caught`.",
});
