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
  change: "On asyncio, anyio's clock is the clock of the loop.",
  apply: (reference, context) => {
    const advice = "Call `anyio.current_time()` inside a running loop.";
    if (!inAsyncFunction(reference, context.file))
      return review("Outside an `async def`, no loop may be running.", advice);
    return timeRewrite(reference.node, "S") ?? review("The clock is passed as a value.", advice);
  },
};
