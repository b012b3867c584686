import { inAsyncFunction } from "../call.ts";
import { timeRewrite } from "../loop-rewrites.ts";
import { type AsyncioRule, review } from "../rule.ts";

export const loopTimeRule: AsyncioRule = {
  name: "loop-time",
  api: "loop.time",
  apis: ["loop.time"],
  class: "S",
  summary: "the loop's clock, in an `async def`",
  target: "anyio.current_time()",
  apply: (reference, context) => {
    const advice = "call `anyio.current_time()` where a loop runs";
    if (!inAsyncFunction(reference, context.file))
      return review("outside an `async def` no loop may run", advice);
    return timeRewrite(reference.node, "S") ?? review("the clock is passed as a value", advice);
  },
};
