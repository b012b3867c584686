import { type AsyncioRule, reviewRule } from "../rule.ts";

export const shieldRule: AsyncioRule = reviewRule({
  name: "shield",
  apis: ["shield"],
  class: "M",
  summary: "a shielded await",
  target: "with anyio.CancelScope(shield=True)",
  reason:
    "The meaning is the opposite: asyncio raises at once and leaves the inner task running; anyio waits for it.",
  suggestion: "Use `with anyio.CancelScope(shield=True): await f()` if the code may wait.",
});
