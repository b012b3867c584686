import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
const names = readdirSync(folder)
  .filter((name) => /^\d\d-.*\.mjs$/.test(name))
  .sort();

interface Expected {
  readonly code: number;
  readonly lines: string[];
  readonly errors: string[];
}

/**
 * The lines after `// prints:` at the end of an example, and those after `// on stderr, with exit code n:`, if the program
 * is to end with another code than 0.
 */
function expected(name: string): Expected {
  const lines = readFileSync(`${folder}/${name}`, "utf8").trimEnd().split("\n");
  const at = lines.lastIndexOf("// prints:");
  if (at < 0) throw new Error(`${name} has no line "// prints:"`);
  const texts = lines.slice(at + 1).map((line) => line.replace(/^\/\/ ?/, ""));
  const onStderr = texts.findIndex((line) => /^on stderr, with exit code \d+:$/.test(line));
  if (onStderr < 0) return { code: 0, lines: texts, errors: [] };
  const code = Number(/\d+/.exec(texts[onStderr] as string)?.[0]);
  return { code, lines: texts.slice(0, onStderr), errors: texts.slice(onStderr + 1) };
}

interface Run {
  readonly code: number | null;
  readonly lines: string[];
  readonly errors: string[];
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
      resolve({ code, lines: linesOf(output), errors: linesOf(errors), ms: performance.now() - startedAt });
    });
  });
}

const linesOf = (text: string): string[] => (text === "" ? [] : text.trimEnd().split("\n"));

describe("the examples", () => {
  it("are numbered from 1 to 22 without a gap", () => {
    expect(names.map((name) => Number(name.slice(0, 2)))).toEqual(
      Array.from({ length: 22 }, (_, i) => i + 1),
    );
  });

  it.for(names)("%s prints its expected output, writes no other errors, and ends by itself", async (name) => {
    const { ms, ...ended } = await runExample(name);
    expect(ended).toEqual(expected(name));
    expect(ms).toBeLessThan(5_000);
  });
});
