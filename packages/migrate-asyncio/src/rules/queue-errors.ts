import { type AsyncioRule, reviewRule } from "../rule.ts";

export const queueErrorsRule: AsyncioRule = reviewRule({
  name: "queue-errors",
  apis: ["QueueEmpty", "QueueFull", "QueueShutDown"],
  class: "M",
  summary: "errors of queues",
  target: "anyio.WouldBlock, anyio.EndOfStream",
  reason: "It is migrated together with the queue.",
  suggestion:
    "Use `anyio.WouldBlock` for empty and full, and `anyio.EndOfStream` or `ClosedResourceError` for shut down.",
});
