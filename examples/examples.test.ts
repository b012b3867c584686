import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
const names = readdirSync(folder)
  .filter((name) => /^\d\d-.*\.mjs$/.test(name))
  .sort();

/** The expected output: the lines after `// prints:` at the end of an example. */
function expectedLines(name: string): string[] {
  const lines = readFileSync(`${folder}/${name}`, "utf8").trimEnd().split("\n");
  const at = lines.lastIndexOf("// prints:");
  if (at < 0) throw new Error(`${name} has no line "// prints:"`);
  return lines.slice(at + 1).map((line) => line.replace(/^\/\/ ?/, ""));
}

interface Run {
  readonly code: number | null;
  readonly lines: string[];
  readonly errors: string;
  readonly ms: number;
}

/** Runs an example in a separate process with the built package, as a reader would. */
function runExample(name: string): Promise<Run> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [`${folder}/${name}`], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 10_000,
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, lines: output.trimEnd().split("\n"), errors, ms: performance.now() - startedAt });
    });
  });
}

describe("the examples", () => {
  it("are numbered from 1 to 14 without a gap", () => {
    expect(names.map((name) => Number(name.slice(0, 2)))).toEqual(
      Array.from({ length: 14 }, (_, i) => i + 1),
    );
  });

  it.for(names)("%s prints its expected output, writes no errors, and ends by itself", async (name) => {
    const { code, lines, errors, ms } = await runExample(name);
    expect(lines).toEqual(expectedLines(name));
    expect(errors).toBe("");
    expect(code).toBe(0);
    expect(ms).toBeLessThan(5_000);
  });
});
