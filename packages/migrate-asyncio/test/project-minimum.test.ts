import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Project } from "../../migrate/test/support/project.ts";
import { ProjectMinimums } from "../src/project-file/minimum.ts";
import { cli } from "./cli.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "project-minimum-"));
  mkdirSync(join(root, "repo", ".git"), { recursive: true });
  mkdirSync(join(root, "repo", "src", "app"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

test("the nearest project file decides the oldest Python", () => {
  const file = join(root, "repo", "src", "app", "main.py");
  writeFileSync(join(root, "repo", "pyproject.toml"), '[project]\nrequires-python = ">=3.9"\n');
  expect(new ProjectMinimums().of(file)).toBe("3.9");
  writeFileSync(join(root, "repo", "src", "setup.cfg"), "[options]\npython_requires = >=3.10\n");
  expect(new ProjectMinimums().of(file)).toBe("3.10");
});

test("files above the repository are ignored", () => {
  writeFileSync(join(root, "pyproject.toml"), '[project]\nrequires-python = ">=3.8"\n');
  expect(new ProjectMinimums().of(join(root, "repo", "src", "a.py"))).toBeUndefined();
});

test("each project of a run has its own", async () => {
  const text = "import asyncio\n\ntry:\n    f()\nexcept asyncio.TimeoutError:\n    pass\n";
  using project = new Project({
    "old/pyproject.toml": '[project]\nrequires-python = ">=3.9"\n',
    "old/a.py": text,
    "new/pyproject.toml": '[project]\nrequires-python = ">=3.12"\n',
    "new/a.py": text,
  });
  const { out } = await cli(
    project.path("old"),
    project.path("new"),
    "--write",
    "--structural",
    "--format",
    "json",
  );
  expect(project.read("new/a.py")).not.toContain("asyncio");
  expect(project.read("old/a.py")).toContain("asyncio.TimeoutError");
  // A file is not finished if an edit keeps its reference.
  const files = JSON.parse(out).results as Array<{ file: string; asyncio_free: boolean; migrated: boolean }>;
  for (const { file, asyncio_free, migrated } of files) {
    expect([asyncio_free, migrated]).toEqual(file.includes("new") ? [true, true] : [false, false]);
  }
});
