import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");

test("the page about the cost has the limits of the sizes that the check of the packages has", () => {
  const budgets = [
    ...read("tools/check-package.mjs").matchAll(/what: "([^"]+)",\s*code: '[^']*',\s*limit: ([\d_]+)/g),
  ].map(([, what, limit]) => [what, `${Number(limit?.replaceAll("_", "")) / 1_000} kB`]);
  const section = /^## Sizes$([\s\S]*?)^## /m.exec(read("docs/about/cost.md"))?.[1] ?? "";
  const rows = [...section.matchAll(/^\| ([^|]*?) *\| ([\d.]+ kB) *\|/gm)].map(([, what, limit]) => [
    what,
    limit,
  ]);
  expect(budgets.length).toBeGreaterThan(2);
  expect(rows).toEqual(budgets);
});
