import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createAsyncioEngine } from "../src/engine.ts";
import { applyEdits } from "./apply-edits.ts";
import { fixtureOptions } from "./fixture-options.ts";
import { compileErrors, hasPython } from "./python.ts";

const folder = fileURLToPath(new URL("fixtures/", import.meta.url));
const cases = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".input.py"))
  .map((name) => name.slice(0, -".input.py".length))
  .sort();
const engine = await createAsyncioEngine();
const read = (name: string): string => readFileSync(folder + name, "utf8");

describe.each(cases)("asyncio fixture %s", (name) => {
  const input = read(`${name}.input.py`);
  const output = read(`${name}.output.py`);
  const options = fixtureOptions(input);

  it("becomes its output, and every reference is one group of edits or one mark", async () => {
    const analysis = await engine.analyze(`${name}.input.py`, input, options);
    expect(analysis.parseError).toBeUndefined();
    expect(applyEdits(input, analysis.edits)).toBe(output);
    const groups = analysis.edits.filter((edit) => edit.companion === undefined);
    expect(groups.length + analysis.marks.length).toBe(analysis.references);
    for (const { reason } of [...groups, ...analysis.marks]) expect(reason).toMatch(/^\S.*\.$/);
    const rules = new Set(engine.rules.map((rule) => rule.name));
    for (const place of [...analysis.edits, ...analysis.marks]) expect(rules).toContain(place.rule);
  });

  it("is not changed by a second run", async () => {
    const again = await engine.analyze(`${name}.input.py`, output, options);
    expect(again.edits).toEqual([]);
  });

  it("is only marked if the name of the case says so", async () => {
    if (!/\/not-/.test(name) || name === "import-asyncio/not-shadowed") return;
    const { marks } = await engine.analyze(`${name}.input.py`, input, options);
    expect(marks.length).toBeGreaterThan(0);
  });
});

describe("the asyncio fixtures", () => {
  it.skipIf(!hasPython)("compile before and after (skipped without python3)", () => {
    expect(
      compileErrors(cases.flatMap((name) => [`${folder}${name}.input.py`, `${folder}${name}.output.py`])),
    ).toBe("");
  });

  it("cover every rule", async () => {
    const seen = new Set<string>();
    for (const name of cases) {
      const input = read(`${name}.input.py`);
      const { edits, marks } = await engine.analyze(`${name}.input.py`, input, fixtureOptions(input));
      for (const place of [...edits, ...marks]) seen.add(place.rule);
    }
    const project = "project-file";
    expect(
      engine.rules.map((rule) => rule.name).filter((name) => name !== project && !seen.has(name)),
    ).toEqual([]);
  });
});
