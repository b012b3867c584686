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
        ? "the fixture must be used with anyio_backend"
        : "the fixture has a scope, which anyio_backend must have too",
      "use `@pytest.fixture`; let the fixture ask for `anyio_backend`",
    );
  },
};
