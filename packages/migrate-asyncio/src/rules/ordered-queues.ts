import { type AsyncioRule, reviewRule } from "../rule.ts";

export const orderedQueuesRule: AsyncioRule = reviewRule({
  name: "ordered-queues",
  apis: ["LifoQueue", "PriorityQueue"],
  class: "X",
  summary: "queues with another order",
  target: "none",
  reason: "anyio's memory object streams are first in, first out.",
  suggestion: "Use a list or a heap with an `anyio.Condition`, or keep asyncio.",
});
