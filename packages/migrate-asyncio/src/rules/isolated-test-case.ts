import { type AsyncioRule, reviewRule } from "../rule.ts";

export const isolatedTestCaseRule: AsyncioRule = reviewRule({
  name: "isolated-test-case",
  apis: ["unittest.IsolatedAsyncioTestCase"],
  class: "M",
  summary: "unittest's asyncio test case",
  target: "pytest functions marked with anyio",
  reason: "It runs its tests on an asyncio loop.",
  suggestion: "Write pytest functions with `@pytest.mark.anyio`.",
});
