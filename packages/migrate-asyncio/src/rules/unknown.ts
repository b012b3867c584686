import { type AsyncioRule, review } from "../rule.ts";

export const unknownRule: AsyncioRule = {
  name: "unknown",
  api: "private names and anything else of asyncio",
  apis: ["*"],
  class: "M",
  summary: "names without a rule: private ones, and ones newer than this table",
  target: "none",
  apply: (reference) =>
    review(
      /(^|\.)_/.test(reference.api) ? "a private name of asyncio" : "no rule knows this name",
      "find out what it is for; anyio has no counterpart of the same name",
    ),
};
