import fs, { appendFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { expect, onTestFinished, test } from "vitest";
import { after, before, cli, Project } from "../support/project.ts";

/** Has another process change a file right after it is read for the first time. */
function changeAfterRead(file: string): void {
  const { readFileSync } = fs;
  const replace = (read: typeof readFileSync): void => {
    fs.readFileSync = read;
    syncBuiltinESMExports();
  };
  onTestFinished(() => replace(readFileSync));
  replace(((path: string, ...rest: []) => {
    const content = readFileSync(path, ...rest);
    if (path !== file) return content;
    replace(readFileSync);
    appendFileSync(file, "// another process\n");
    return content;
  }) as typeof readFileSync); // the tool calls it with these arguments
}

test("A file that changes while it is read is reported and not written; the others are written.", async () => {
  using project = new Project({ "a.ts": before, "b.ts": before });
  changeAfterRead(project.path("a.ts"));
  const { code, out } = await cli("promises", project.root, "--write");
  expect(code).toBe(3);
  expect(out).toContain("a.ts: has changed since it was read; not written");
  expect(project.read("a.ts")).toBe(`${before}// another process\n`);
  expect(project.read("b.ts")).toBe(after);
  appendFileSync(project.path("a.ts"), "// and again\n");
  expect((await cli("promises", project.root, "--write")).code).toBe(1);
  expect(project.read("a.ts")).toBe(`${after}// another process\n// and again\n`);
});
