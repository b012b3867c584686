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
  summary: "as `create_task`, where it gets the call of an `async def` of the file; it may get a future",
  target: "tg.start_soon(f, *args)",
  apply: (reference, context) => {
    const [coroutine] = argumentsOf(callOf(reference) ?? reference.node) ?? [];
    if (coroutine === undefined || !isCoroutineCall(coroutine, context)) {
      return review(
        "the task needs an owner, and futures are accepted too",
        "`tg.start_soon(f, *args)` in a task group that outlives it",
      );
    }
    return applyCreateTask(reference, context);
  },
};
