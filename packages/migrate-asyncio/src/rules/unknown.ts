import { type AsyncioRule, review } from "../rule.ts";

export const unknownRule: AsyncioRule = {
  name: "unknown",
  api: "private names and anything else of asyncio",
  apis: ["*"],
  class: "M",
  summary: "names without a rule: private names, and names of newer Python versions",
  target: "none",
  apply: (reference) =>
    review(
      /(^|\.)_/.test(reference.api) ? "This is a private name of asyncio." : "No rule covers this name.",
      "Find its purpose; anyio has no counterpart of the same name.",
    ),
};
