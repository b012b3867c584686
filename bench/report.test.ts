import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadCases } from "./cases.mjs";
import { costPage } from "./cost.mjs";
import { summary } from "./pages.mjs";
import { readResults } from "./results.mjs";

test("SUMMARY.md says what results.json holds", async () => {
  const cases = (await loadCases()).map(({ benchmark }) => benchmark);
  const kept = readFileSync(new URL("SUMMARY.md", import.meta.url), "utf8");
  expect(kept, "run npm run bench:report").toBe(summary(cases, readResults()));
});

test("the page about the cost says what results.json holds", async () => {
  const cases = (await loadCases()).map(({ benchmark }) => benchmark);
  const kept = readFileSync(new URL("../docs/about/cost.md", import.meta.url), "utf8");
  expect(kept, "run npm run bench:report").toBe(costPage(kept, cases, readResults()));
});
