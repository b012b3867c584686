import { type AsyncioRule, reviewRule } from "../rule.ts";

export const isolatedTestCaseRule: AsyncioRule = reviewRule({
  name: "isolated-test-case",
  apis: ["unittest.IsolatedAsyncioTestCase"],
  class: "M",
  summary: "unittest's asyncio test case",
  target: "pytest functions marked with anyio",
  reason: "it runs its tests on an asyncio loop of its own",
  suggestion: "write pytest functions with `@pytest.mark.anyio`",
});
