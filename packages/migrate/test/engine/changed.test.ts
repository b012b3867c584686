import { appendFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { after, before, cli, Project } from "../support/project.ts";

/** Files that another process changes right after the first read. */
const busy = vi.hoisted(() => new Set<string>());

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const readFileSync = (path: string, ...rest: []): unknown => {
    const content = fs.readFileSync(path, ...rest);
    if (busy.delete(String(path))) fs.appendFileSync(path, "// another process\n");
    return content;
  };
  return { ...fs, default: fs, readFileSync };
});

test("A file that changes while it is read is reported and not written; the others are written.", async () => {
  using project = new Project({ "a.ts": before, "b.ts": before });
  busy.add(project.path("a.ts"));
  const { code, out } = await cli("promises", project.root, "--write");
  expect(code).toBe(3);
  expect(out).toContain("a.ts: has changed since it was read; not written");
  expect(project.read("a.ts")).toBe(`${before}// another process\n`);
  expect(project.read("b.ts")).toBe(after);
  appendFileSync(project.path("a.ts"), "// and again\n");
  expect((await cli("promises", project.root, "--write")).code).toBe(1);
  expect(project.read("a.ts")).toBe(`${after}// another process\n// and again\n`);
});
