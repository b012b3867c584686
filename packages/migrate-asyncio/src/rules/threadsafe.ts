import { type AsyncioRule, reviewRule } from "../rule.ts";

export const threadsafeRule: AsyncioRule = reviewRule({
  name: "threadsafe",
  apis: ["run_coroutine_threadsafe", "loop.call_soon_threadsafe"],
  class: "M",
  summary: "calling into the loop from another thread",
  target: "anyio.from_thread.run(), run_sync()",
  reason: "anyio's works only from its own worker threads or with a portal",
  suggestion: "`anyio.from_thread.run` / `run_sync`, or a `BlockingPortal`",
});
