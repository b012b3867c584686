import { type AsyncioRule, reviewRule } from "../rule.ts";

export const streamErrorsRule: AsyncioRule = reviewRule({
  name: "stream-errors",
  apis: ["IncompleteReadError", "LimitOverrunError", "SendfileNotAvailableError", "InvalidStateError"],
  class: "M",
  summary: "errors of streams and futures",
  target: "anyio.IncompleteRead, anyio.DelimiterNotFound",
  reason: "it belongs to asyncio's streams or futures and follows their migration",
  suggestion: "`anyio.IncompleteRead` and `anyio.DelimiterNotFound` are the nearest for streams",
});
