import { type AsyncioRule, reviewRule } from "../rule.ts";

export const queueErrorsRule: AsyncioRule = reviewRule({
  name: "queue-errors",
  apis: ["QueueEmpty", "QueueFull", "QueueShutDown"],
  class: "M",
  summary: "errors of queues",
  target: "anyio.WouldBlock, anyio.EndOfStream",
  reason: "it follows the queue's migration",
  suggestion:
    "`anyio.WouldBlock` for empty and full, `anyio.EndOfStream` or `ClosedResourceError` for shut down",
});
