import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";
import { describe, expect, test } from "vitest";
import { applyEdits } from "../../src/engine/apply.ts";
import type { Edit, EngineOptions, FileAnalysis } from "../../src/engine/engine.ts";
import { Lines } from "../../src/engine/results.ts";
import { createPromisesEngine } from "../../src/promises/engine.ts";

const folder = fileURLToPath(new URL("fixtures", import.meta.url));
const engine = createPromisesEngine();

/** With `UPDATE_FIXTURES=1` the outputs are written instead of compared. Read them before you commit them. */
const update = process.env.UPDATE_FIXTURES === "1";

const inputs = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((name) => name.includes(".input.") && !name.endsWith(".marks"))
  .sort();

/** A fixture named `case.safe.input.ts` runs without `--structural`. */
function optionsOf(name: string): EngineOptions {
  return { structural: !name.includes(".safe.") };
}

/** The path for the engine. The extension decides the language. */
function pathOf(name: string): string {
  return join(dirname(name), basename(name).replace(".input.", "."));
}

function marksText(text: string, analysis: FileAnalysis): string {
  const lines = new Lines(text);
  return analysis.marks
    .map((mark) => {
      const { line, column } = lines.place(mark.start);
      return `${line}:${column} ${mark.class} ${mark.rule}: ${mark.api}\n`;
    })
    .join("");
}

function check(path: string, expected: string): void {
  if (update) writeFileSync(path, expected);
  else expect(existsSync(path) ? readFileSync(path, "utf8") : "").toBe(expected);
}

describe("Fixtures of the promises rules", () => {
  test.each(inputs)("%s becomes its output, and a second run changes nothing.", async (name) => {
    const text = readFileSync(join(folder, name), "utf8");
    const options = optionsOf(name);
    expect(engine.mayMatter(text, pathOf(name), options)).toBe(true);

    const analysis = await engine.analyze(pathOf(name), text, options);
    expect(analysis.parseError).toBeUndefined();
    const output = applyEdits(text, analysis.edits);
    check(join(folder, name.replace(".input.", ".output.")), output);
    check(join(folder, `${name}.marks`), marksText(text, analysis));

    expect(parseSync(pathOf(name).replace(/\.js$/, ".jsx"), output.replace(/^\uFEFF/, "")).errors).toEqual(
      [],
    );
    expectOrdered(analysis.edits, text);
    const counted = analysis.edits.filter((edit) => edit.companion === undefined).length;
    expect(analysis.references).toBe(counted + analysis.marks.length);

    const again = await engine.analyze(pathOf(name), output, options);
    expect(again.edits).toEqual([]);
    // The marks are the same before and after.
    expect(again.marks.map(({ rule, api }) => [rule, api])).toEqual(
      analysis.marks.map(({ rule, api }) => [rule, api]),
    );
  });

  test("Every automatic rule has a fixture with an edit, and every rule a fixture with a finding.", async () => {
    const fired = new Set<string>();
    const found = new Set<string>();
    for (const name of inputs) {
      const text = readFileSync(join(folder, name), "utf8");
      const { edits, marks } = await engine.analyze(pathOf(name), text, optionsOf(name));
      for (const { rule } of edits) fired.add(rule).add(rule);
      for (const { rule } of [...edits, ...marks]) found.add(rule);
    }
    const automatic = engine.rules.filter((rule) => rule.class === "S" || rule.class === "R");
    expect(automatic.map(({ name }) => name).filter((name) => !fired.has(name))).toEqual([]);
    expect(engine.rules.map(({ name }) => name).filter((name) => !found.has(name))).toEqual([]);
  });
});

/** Expects edits in order and without overlaps. */
function expectOrdered(edits: readonly Edit[], text: string): void {
  let at = 0;
  for (const { start, end } of edits) {
    expect(start).toBeGreaterThanOrEqual(at);
    expect(end).toBeLessThanOrEqual(text.length);
    at = end;
  }
}
