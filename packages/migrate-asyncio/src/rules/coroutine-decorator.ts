import { type AsyncioRule, reviewRule } from "../rule.ts";

export const coroutineDecoratorRule: AsyncioRule = reviewRule({
  name: "coroutine-decorator",
  apis: ["coroutine"],
  class: "M",
  summary: "generator-based coroutines",
  target: "async def",
  reason: "it left asyncio with Python 3.11",
  suggestion: "write it as `async def` with `await`",
});
