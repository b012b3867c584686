import { inAsyncFunction } from "../call.ts";
import { executorRewrite, withTaskScope } from "../loop-rewrites.ts";
import { type AsyncioRule, review } from "../rule.ts";
import { threadChange } from "../worker-thread.ts";

export const loopExecutorRule: AsyncioRule = {
  name: "run-in-executor",
  api: "loop.run_in_executor",
  apis: ["loop.run_in_executor"],
  class: "R",
  summary: "the default executor (`None`), awaited in place, or later in the same block (a task group)",
  target: "anyio.to_thread.run_sync(f, *args)",
  change: threadChange,
  apply: (reference, context) =>
    inAsyncFunction(reference, context.file)
      ? withTaskScope(executorRewrite(reference.node, context), reference, context)
      : review(
          "It is called outside an `async def`.",
          "Use `anyio.to_thread.run_sync` where the result is awaited.",
        ),
};
