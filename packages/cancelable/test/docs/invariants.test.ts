import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** The numbered invariants in the comments of a source: " *  T1  A node …", and lines that go on below. */
function invariantsOf(source: string): string[] {
  const found = source.matchAll(/^ \* {2}([A-Z]\d+) {2}(.*(?:\n \* {6}\S.*)*)/gm);
  return [...found].map(
    ([, number, text]) => `**${number}** ${oneLine((text as string).replace(/\n \* /g, " "))}`,
  );
}

/** The invariants of each file that has some, by path. */
function invariantsOfSources(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of readdirSync(new URL("packages", root))) {
    const sources = `packages/${name}/src`;
    if (!existsSync(new URL(sources, root))) continue;
    for (const file of readdirSync(new URL(sources, root), { recursive: true }) as string[]) {
      if (!file.endsWith(".ts")) continue;
      const path = `${sources}/${file.replaceAll("\\", "/")}`;
      const invariants = invariantsOf(read(path));
      if (invariants.length > 0) found.set(path, invariants);
    }
  }
  return found;
}

/** The list below each link to a source on the page, by path. */
function invariantsOfPage(): Map<string, string[]> {
  const sections = read("docs/about/invariants.md").split(/^## /m).slice(1);
  return new Map(
    sections.flatMap((section) => {
      const path = /\]\(\.\.\/\.\.\/(packages\/[^)]*)\)/.exec(section)?.[1];
      const items = section.split(/^- (?=\*\*)/m).slice(1);
      return path === undefined ? [] : [[path, items.map(oneLine)] as const];
    }),
  );
}

test("the page of invariants repeats every numbered invariant of the sources, and no other", () => {
  const sources = invariantsOfSources();
  expect(sources.size).toBeGreaterThan(15);
  expect(Object.fromEntries(invariantsOfPage())).toEqual(Object.fromEntries(sources));
});
