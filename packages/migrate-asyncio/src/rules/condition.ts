import { applyPrimitive, noArguments, type Primitive } from "../primitive.ts";
import { type AsyncioRule, review } from "../rule.ts";

const condition: Primitive = {
  target: "anyio.Condition",
  methods: new Set(["notify", "notify_all", "locked", "release", "wait_for"]),
  resultless: new Set(["acquire", "wait"]),
  mayEscape: false,
  safeWhenLocal: false,
  arguments: noArguments,
  suggestion: "Use `anyio.Condition()`; `wait()` returns None.",
};

export const conditionRule: AsyncioRule = {
  name: "condition",
  api: "asyncio.Condition",
  apis: ["Condition"],
  class: "R",
  summary: "anyio's condition has `wait_for` since 4.11",
  target: "anyio.Condition()",
  apply: (reference, context) =>
    context.anyioHas("4.11")
      ? applyPrimitive(condition, reference, context)
      : review(
          "anyio before 4.11 has no `Condition.wait_for`.",
          "Pass --anyio-min 4.11, or loop around `wait()`.",
        ),
};
