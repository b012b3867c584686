import { type AsyncioRule, reviewRule } from "../rule.ts";

export const bareModuleRule: AsyncioRule = reviewRule({
  name: "bare-module",
  apis: [""],
  class: "M",
  summary: "the module as a value",
  target: "none",
  reason: "The module itself is passed on, patched or inspected here.",
  suggestion: "Pass the required function, or `anyio`.",
});
