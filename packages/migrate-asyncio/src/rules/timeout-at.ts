import { type AsyncioRule, reviewRule } from "../rule.ts";

export const timeoutAtRule: AsyncioRule = reviewRule({
  name: "timeout-at",
  apis: ["timeout_at"],
  class: "M",
  summary: "a deadline on the loop's clock",
  target: "anyio.CancelScope(deadline=when)",
  reason: "The deadline must be on anyio's clock.",
  suggestion:
    "Use `with anyio.CancelScope(deadline=when):` with `anyio.current_time()`, and raise TimeoutError if it was cancelled.",
});
