import { type AsyncioRule, reviewRule } from "../rule.ts";

export const streamErrorsRule: AsyncioRule = reviewRule({
  name: "stream-errors",
  apis: ["IncompleteReadError", "LimitOverrunError", "SendfileNotAvailableError", "InvalidStateError"],
  class: "M",
  summary: "errors of streams and futures",
  target: "anyio.IncompleteRead, anyio.DelimiterNotFound",
  reason: "It is migrated together with asyncio's streams or futures.",
  suggestion: "For streams, use `anyio.IncompleteRead` and `anyio.DelimiterNotFound`.",
});
