import { appendFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { after, before, cli, Project } from "./support/project.ts";

/** Files that somebody else changes right after they were read for the first time. */
const busy = new Set<string>();

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const readFileSync = (path: string, ...rest: []): unknown => {
    const content = fs.readFileSync(path, ...rest);
    if (busy.delete(String(path))) fs.appendFileSync(path, "// somebody else\n");
    return content;
  };
  return { ...fs, default: fs, readFileSync };
});

test("A file that changes while it is read is reported and left alone; the others are written.", async () => {
  using project = new Project({ "a.ts": before, "b.ts": before });
  busy.add(project.path("a.ts"));
  const { code, out } = await cli("promises", project.root, "--write");
  expect(code).toBe(3);
  expect(out).toContain("a.ts: changed since it was read; not written");
  expect(project.read("a.ts")).toBe(`${before}// somebody else\n`);
  expect(project.read("b.ts")).toBe(after);
  appendFileSync(project.path("a.ts"), "// and again\n");
  expect((await cli("promises", project.root, "--write")).code).toBe(1);
  expect(project.read("a.ts")).toBe(`${after}// somebody else\n// and again\n`);
});
