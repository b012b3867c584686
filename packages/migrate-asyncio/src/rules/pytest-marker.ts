import { backendFixture, hasFixturePlace } from "../backend-fixture.ts";
import { callOf } from "../call.ts";
import { hasAsyncioFixtures, namesAsyncioFixtures } from "../conftest.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type Review, type RuleContext, review, type Verdict } from "../rule.ts";
import type { SyntaxNode } from "../tree.ts";

const apis: readonly string[] = ["pytest.mark.asyncio", "pytest.mark.asyncio_cooperative"];

export const pytestMarkerRule: AsyncioRule = {
  name: "pytest-marker",
  api: "pytest.mark.asyncio",
  apis,
  class: "R",
  summary:
    "anyio's marker, and an `anyio_backend` fixture in the file, so that the tests still run on asyncio",
  target: "pytest.mark.anyio",
  change: "anyio's plugin runs the test, on the backend of the `anyio_backend` fixture.",
  apply: applyMarker,
};

function applyMarker(reference: Reference, context: RuleContext): Verdict {
  const own = problemOf(reference, context);
  if (own !== undefined) return own;
  const { end } = reference.node;
  const start = end - (reference.api.length - "pytest.mark.".length);
  return { class: "R", edits: [{ start, end, text: "anyio" }, ...backendFixture(context)], modules: [] };
}

/** The reason why a test must stay with pytest-asyncio. */
function problemOf(reference: Reference, context: RuleContext): Review | undefined {
  const { file } = context;
  if (!hasFixturePlace(context)) {
    return review("The file has no `import pytest` at its top.", "Add an `anyio_backend` fixture by hand.");
  }
  if (callOf(reference) !== undefined) {
    return review(
      "The marker has arguments.",
      "The scope of async fixtures is the scope of `anyio_backend`; see anyio's testing guide.",
    );
  }
  if (namesAsyncioFixtures(file.text)) {
    return review(
      "The file uses fixtures of pytest-asyncio or its loop.",
      "Migrate these fixtures together with the markers.",
    );
  }
  if (hasAsyncioFixtures(file.path)) {
    return review(
      "A `conftest.py` of the project has a loop or async fixtures for pytest-asyncio.",
      "Migrate these fixtures together with the markers.",
    );
  }
  if (patchesLoop(reference.node, file.text)) {
    return review(
      "The test patches its event loop, which the pytest plugin uses too.",
      "Patch a function of the program instead.",
    );
  }
  return undefined;
}

/** Whether the marked test asks for its loop and patches something. */
function patchesLoop(marker: SyntaxNode, text: string): boolean {
  let at: SyntaxNode | undefined = marker;
  while (at !== undefined && at.type !== "decorated_definition") at = at.parent;
  const body = at === undefined ? text : text.slice(at.start, at.end);
  return /\bget_(running|event)_loop\b/.test(body) && /patch/i.test(body);
}
