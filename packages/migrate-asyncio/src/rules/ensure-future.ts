import { callOf } from "../call.ts";
import { isCoroutineCall } from "../coroutine-call.ts";
import { type AsyncioRule, review } from "../rule.ts";
import { argumentsOf } from "../source-file.ts";
import { applyCreateTask } from "./create-task.ts";

export const ensureFutureRule: AsyncioRule = {
  name: "ensure-future",
  api: "asyncio.ensure_future",
  apis: ["ensure_future"],
  class: "R",
  summary:
    "like `create_task`, if its argument is the call of an `async def` of the file; it also accepts futures",
  target: "tg.start_soon(f, *args)",
  change:
    "The block ends when the task has ended. If the task fails, the block is cancelled and the exception is raised in a group.",
  apply: (reference, context) => {
    const [coroutine] = argumentsOf(callOf(reference) ?? reference.node) ?? [];
    if (coroutine === undefined || !isCoroutineCall(coroutine, context)) {
      return review(
        "The task needs an owner, and the argument may be a future.",
        "Use `tg.start_soon(f, *args)` in a task group that outlives it.",
      );
    }
    return applyCreateTask(reference, context);
  },
};
