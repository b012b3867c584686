import { type AsyncioRule, reviewRule } from "../rule.ts";

export const threadsafeRule: AsyncioRule = reviewRule({
  name: "threadsafe",
  apis: ["run_coroutine_threadsafe", "loop.call_soon_threadsafe"],
  class: "M",
  summary: "calling into the loop from another thread",
  target: "anyio.from_thread.run(), run_sync()",
  reason: "anyio's function works only in anyio's worker threads, or with a blocking portal.",
  suggestion: "Use `anyio.from_thread.run` or `run_sync`, or a `BlockingPortal`.",
});
