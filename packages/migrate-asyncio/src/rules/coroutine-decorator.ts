import { type AsyncioRule, reviewRule } from "../rule.ts";

export const coroutineDecoratorRule: AsyncioRule = reviewRule({
  name: "coroutine-decorator",
  apis: ["coroutine"],
  class: "M",
  summary: "generator-based coroutines",
  target: "async def",
  reason: "Python 3.11 removed it.",
  suggestion: "Write an `async def` with `await`.",
});
