import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { createAsyncioEngine } from "../src/engine.ts";
import { applyEdits } from "./apply-edits.ts";
import { python, pythonWithAnyio } from "./python.ts";

const folder = fileURLToPath(new URL("programs/", import.meta.url));
const programs = readdirSync(folder).filter((name) => name.endsWith(".py"));
const scratch = mkdtempSync(join(tmpdir(), "asyncio-programs-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Runs a program with the backend of the first argument. */
const driver = `
import runpy, sys
import anyio
run = anyio.run
anyio.run = lambda f, *args, **options: run(f, *args, backend=sys.argv[1], **options)
runpy.run_path(sys.argv[2], run_name="__main__")
`;

describe.skipIf(pythonWithAnyio === undefined)(
  "programs (skipped without a Python that has anyio and trio)",
  () => {
    it.each(programs)("%s prints the same on asyncio, on anyio's asyncio and on trio", async (name) => {
      const command = pythonWithAnyio ?? "";
      const before = join(folder, name);
      const text = readFileSync(before, "utf8");
      const engine = await createAsyncioEngine();
      // A folder that does not exist: the other tests of this repository are not part of the program.
      const { edits, marks } = await engine.analyze(`programs/${name}`, text, { structural: true });
      expect(marks).toEqual([]);
      const migrated = applyEdits(text, edits);
      expect(migrated).not.toMatch(/^(import|from) asyncio/m);
      const after = join(scratch, name);
      writeFileSync(after, migrated);
      const expected = python([before], "", command);
      expect(expected).not.toBe("");
      for (const backend of ["asyncio", "trio"]) {
        expect(python(["-c", driver, backend, after], "", command), backend).toBe(expected);
      }
    });
  },
);
