import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Engine } from "@hother/cancelable-migrate/engine";
import { describe, expect, it } from "vitest";
import { createAsyncioEngine } from "../src/engine.ts";
import { applyEdits } from "./apply-edits.ts";
import { hasPython, python } from "./python.ts";

const counter = fileURLToPath(new URL("count_references.py", import.meta.url));
const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
/** Rules about places that are not names in Python's `ast`. */
const places = new Set([
  "import-asyncio",
  "import-star",
  "re-export",
  "string-mention",
  "pytest-marker",
  "pytest-fixture",
  "isolated-test-case",
]);

/** The Python files of CPython's asyncio and, if installed, of its tests. */
function standardLibrary(): string[] {
  const library = python(["-c", "import os; print(os.path.dirname(os.__file__))"])?.trim() ?? "";
  return [`${library}/asyncio`, `${library}/test/test_asyncio`]
    .filter((folder) => existsSync(folder))
    .flatMap(pythonFiles);
}

function pythonFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => `${folder}/${String(name)}`)
    .filter((name) => name.endsWith(".py") && readFileSync(name, "utf8").includes("asyncio"));
}

async function usesFound(engine: Engine, path: string, structural: boolean): Promise<number> {
  const { edits, marks } = await engine.analyze(path, readFileSync(path, "utf8"), { structural });
  const groups = edits.filter((edit) => edit.companion === undefined);
  return [...groups, ...marks].filter((place) => !places.has(place.rule) && !place.api.startsWith("loop."))
    .length;
}

describe.skipIf(!hasPython)("references to asyncio (skipped without python3)", () => {
  it.each([false, true])(
    "are as many as CPython's ast finds, structural: %s",
    { timeout: 120_000 },
    async (structural) => {
      const engine = await createAsyncioEngine();
      const files = [...pythonFiles(fixtures), ...standardLibrary()];
      const counts = (python([counter], files.join("\n")) ?? "").trim().split("\n");
      expect(counts).toHaveLength(files.length);
      for (const [index, path] of files.entries()) {
        const expected: unknown = JSON.parse(counts[index] ?? "null");
        expect(Array.isArray(expected), `${path} compiles`).toBe(true);
        const found = await usesFound(engine, path, structural);
        expect(found, path).toBe(Array.isArray(expected) ? expected.length : -1);
      }
    },
  );

  it("are not edited by a second run on CPython's own files", { timeout: 120_000 }, async () => {
    const engine = await createAsyncioEngine();
    for (const path of standardLibrary()) {
      const text = readFileSync(path, "utf8");
      const { edits } = await engine.analyze(path, text, { structural: true });
      const again = await engine.analyze(path, applyEdits(text, edits), { structural: true });
      expect(again.parseError, path).toBeUndefined();
      expect(again.edits, path).toEqual([]);
    }
  });
});
