import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { projectMinimum } from "../../src/asyncio/project-minimum.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "project-minimum-"));
  mkdirSync(join(root, "repo", ".git"), { recursive: true });
  mkdirSync(join(root, "repo", "src", "app"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

test("the nearest project file says which Python is the oldest", () => {
  writeFileSync(join(root, "repo", "pyproject.toml"), '[project]\nrequires-python = ">=3.9"\n');
  expect(projectMinimum(join(root, "repo", "src", "app"))).toBe("3.9");
  writeFileSync(join(root, "repo", "src", "setup.cfg"), "[options]\npython_requires = >=3.10\n");
  expect(projectMinimum(join(root, "repo", "src", "app", "main.py"))).toBe("3.10");
});

test("what is above the repository is somebody else's", () => {
  writeFileSync(join(root, "pyproject.toml"), '[project]\nrequires-python = ">=3.8"\n');
  expect(projectMinimum(join(root, "repo", "src"))).toBeUndefined();
});
