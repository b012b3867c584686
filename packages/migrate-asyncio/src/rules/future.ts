import { type AsyncioRule, reviewRule } from "../rule.ts";

export const futureRule: AsyncioRule = reviewRule({
  name: "future",
  apis: ["Future", "isfuture", "wrap_future", "loop.create_future"],
  class: "M",
  summary: "futures",
  target: "an anyio.Event and a place for the value",
  reason: "anyio 4 has no futures.",
  suggestion: "Use an `anyio.Event` and an attribute for the value.",
});
