import { type AsyncioRule, reviewRule } from "../rule.ts";

export const bareModuleRule: AsyncioRule = reviewRule({
  name: "bare-module",
  apis: [""],
  class: "M",
  summary: "the module as a value",
  target: "none",
  reason: "asyncio itself is passed on, patched or inspected here",
  suggestion: "pass the function that is needed, or `anyio`",
});
