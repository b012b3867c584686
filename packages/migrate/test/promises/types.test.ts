import { describe, expect, test } from "vitest";
import { before, cli, Project } from "../support/project.ts";

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

describe("With --types", { timeout: 60_000 }, () => {
  test("the checker finds numbers, floating promises of other files, and signals.", async () => {
    using project = new Project(files);
    const without = await cli("promises", project.root, "--structural");
    expect(without.out).toContain("+  await sleep(options.ms);");
    expect(without.out).not.toContain("floating-promise");

    const { out } = await cli("promises", project.root, "--write", "--structural", "--types");
    expect(project.read("f.ts")).toContain("await sleep(options.ms);");
    expect(out).toContain("f.ts:4:3 floating-promise");
    expect(out).toContain("f.ts:5:7 signal-aborted");
    expect(out).not.toContain("f.ts:5:23");
  }, 60_000);

  test("a number is no constant: it may be NaN.", async () => {
    using project = new Project(files);
    const { out } = await cli("promises", project.root, "--write", "--types");
    expect(project.read("f.ts")).toBe(text);
    expect(out).toContain("sleep throws for NaN");
  }, 60_000);

  test("a delay that may be undefined gets the default of a timer.", async () => {
    using project = new Project({
      ...files,
      "f.ts": `export async function f({ ms }: { ms?: number }, other: { ms: number | null }) {
  await new Promise((r) => setTimeout(r, ms));
  await new Promise((r) => setTimeout(r, other.ms));
}
`,
    });
    await cli("promises", project.root, "--write", "--structural", "--types");
    expect(project.read("f.ts")).toContain("await sleep(ms ?? 1);");
    expect(project.read("f.ts")).toContain("await sleep(other.ms ?? 1);");
  }, 60_000);

  test("an edit that TypeScript rejects is a mark; the other edits of the file are made.", async () => {
    using project = new Project({
      ...files,
      "f.ts": `import type { Readable } from "./work.js";
export async function f(options: { delay: string | number }, work: () => Promise<number>) {
  await new Promise((r) => setTimeout(r, Number(options.delay)));
  await new Promise((r) => setTimeout(r, options.delay as number | string as never as string));
  await new Promise((r) => setTimeout(r, 5));
}
export type Used = Readable;
`,
      "work.ts": "export interface Readable { x: string }\n",
    });
    const { out } = await cli("promises", project.root, "--write", "--structural", "--types");
    const edited = project.read("f.ts");
    expect(edited).toContain("await sleep(Number(options.delay));");
    expect(edited).toContain("await sleep(5);");
    expect(edited).toContain("setTimeout(r, options.delay as");
    expect(out).toMatch(/f\.ts:4:9 sleep[^]*With the rewrite, TypeScript reports a new error: TS2345/);
    expect(out).toContain("f.ts: 3 edits");
  }, 60_000);

  test("an edit that causes an error in another file is a mark.", async () => {
    using project = new Project({
      ...files,
      "f.ts": `export function nap() {
  return new Promise((r) => setTimeout(r, 5));
}
export async function rest() {
  await new Promise((r) => setTimeout(r, 5));
}
`,
      "use.ts": `import { nap } from "./f.js";
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const exact: Same<ReturnType<typeof nap>, Promise<unknown>> = true;
`,
    });
    const { out } = await cli("promises", project.root, "--write", "--structural", "--types");
    const edited = project.read("f.ts");
    expect(edited).toContain("return new Promise((r) => setTimeout(r, 5));");
    expect(edited).toContain("await sleep(5);");
    expect(out).toMatch(
      /f\.ts:2:10 sleep-helper[^]*In .*use\.ts: With the rewrite, TypeScript reports a new error: TS2322/,
    );
  }, 60_000);

  test("errors that the project already has do not count.", async () => {
    using project = new Project({
      ...files,
      "f.ts": `import { missing } from "./missing.js";
const wrong: string = 5;
export async function f() {
  await new Promise((r) => setTimeout(r, 5));
  return [missing, wrong];
}
`,
    });
    await cli("promises", project.root, "--write", "--types");
    expect(project.read("f.ts")).toContain("await sleep(5);");
  }, 60_000);

  test("a file that is nested too deeply does not affect the other files.", async () => {
    const deep = `export const x = ${"[\n".repeat(5_000)}${"]\n".repeat(5_000)};\n`;
    using project = new Project({ ...files, "deep.ts": deep, "g.ts": `import "./deep.js";\n${before}` });
    const { code, out } = await cli("promises", project.root, "--write", "--types");
    expect(code).toBe(3);
    expect(out).toMatch(/deep\.ts: is nested too deeply/);
    expect(out).toContain(", 1 error;");
    expect(project.read("g.ts")).toContain("await sleep(5);");
  }, 60_000);
});
