import { describe, expect, test } from "vitest";
import { cli, Project } from "../support/project.ts";

const text = `import { work } from "./work.js";
export async function f(options: { ms: number; other: { aborted: boolean } }, stop: AbortSignal) {
  await new Promise((r) => setTimeout(r, options.ms));
  work();
  if (stop.aborted || options.other.aborted) return;
}
`;

const files = {
  "tsconfig.json":
    '{ "compilerOptions": { "strict": true, "target": "es2022", "lib": ["es2022", "dom"], "module": "nodenext" } }',
  "work.ts": "export async function work(): Promise<void> {}\n",
  "f.ts": text,
};

describe("With --types", () => {
  test("the checker finds numbers, floating promises of other files, and signals.", async () => {
    using project = new Project(files);
    const without = await cli("promises", project.root, "--write");
    expect(without.out).toContain("sleep new Promise(setTimeout)");
    expect(without.out).not.toContain("floating-promise");

    const { out } = await cli("promises", project.root, "--write", "--types");
    expect(project.read("f.ts")).toContain("await sleep(options.ms);");
    expect(out).toContain("f.ts:4:3 floating-promise");
    expect(out).toContain("f.ts:5:7 signal-aborted");
    expect(out).not.toContain("f.ts:5:23");
  }, 60_000);
});
