import { callOf } from "../call.ts";
import { type AsyncioRule, review } from "../rule.ts";
import { plainArguments } from "../source-file.ts";

export const pytestFixtureRule: AsyncioRule = {
  name: "pytest-fixture",
  api: "pytest_asyncio.fixture",
  apis: ["pytest_asyncio.fixture"],
  class: "M",
  summary: "async fixtures of pytest-asyncio",
  target: "pytest.fixture, with anyio_backend",
  apply: (reference, context) => {
    const call = callOf(reference);
    const scope = call && plainArguments(call, context.file)?.keywords.get("scope");
    return review(
      scope === undefined
        ? "The fixture must be used with `anyio_backend`."
        : "The fixture has a scope, and `anyio_backend` must have the same scope.",
      "Use `@pytest.fixture`, and add the parameter `anyio_backend` to the fixture.",
    );
  },
};
