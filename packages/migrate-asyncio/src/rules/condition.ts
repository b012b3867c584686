import { applyPrimitive, noArguments, type Primitive } from "../primitive.ts";
import { type AsyncioRule, review } from "../rule.ts";
import { insertFirst } from "./semaphore.ts";

const condition: Primitive = {
  target: "anyio.Condition",
  methods: new Set(["notify", "notify_all", "locked", "release", "wait_for"]),
  resultless: new Set(["acquire", "wait"]),
  mayBePublic: false,
  mayEscape: false,
  isOwned: true,
  safeWhenLocal: false,
  arguments: (call, plain) => {
    const none = noArguments(call, plain);
    // Conditions are rewritten from anyio 4.11 on, which has `fast_acquire`.
    return typeof none === "string" ? none : [insertFirst(call, "anyio.Lock(fast_acquire=True)")];
  },
  change: () => "The lock of the condition belongs to the task that acquired it. `wait()` returns None.",
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
