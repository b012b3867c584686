import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "node:util";
import { type AsyncBackend, run } from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import { effectBackend } from "@hother/cancelable-backends/effect";
import { effectionBackend } from "@hother/cancelable-backends/effection";
import { describe, expect, it, vi } from "vitest";
import { type Host, host } from "../tools/hosts/left-out.ts";

/** The whole output of a program. */
export interface Output {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}

/**
 * The lines after `// prints:` at the end of an example, and those after `// on stderr, with exit code n:`, if the program
 * is to end with another code than 0.
 */
export function expectedOutput(file: string): Output {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const at = lines.lastIndexOf("// prints:");
  if (at < 0) throw new Error(`${file} has no line "// prints:"`);
  const texts = lines.slice(at + 1).map((line) => line.replace(/^\/\/ ?/, ""));
  const onStderr = texts.findIndex((line) => /^on stderr, with exit code \d+:$/.test(line));
  if (onStderr < 0) return { code: 0, lines: texts, errors: [] };
  const code = Number(/\d+/.exec(texts[onStderr] as string)?.[0]);
  return { code, lines: texts.slice(0, onStderr), errors: texts.slice(onStderr + 1) };
}

const linesOf = (text: string): string[] => (text === "" ? [] : text.trimEnd().split("\n"));

/** Runs a program in a separate process with the built packages, as a reader would. */
export function runProgram(
  file: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<Output> {
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    timeout: 15_000, // a program that hangs is a failure
    killSignal: "SIGKILL",
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
    child.on("close", (code) => resolve({ code, lines: linesOf(output), errors: linesOf(errors) }));
  });
}

/** The backends other than the native one, on which the separate process runs. */
const backends: ReadonlyArray<{ readonly name: string; readonly create: () => AsyncBackend }> = [
  { name: "virtual", create: () => new VirtualBackend() },
  { name: "effect", create: () => effectBackend },
  { name: "effection", create: () => effectionBackend },
];

/** Runs the exported `main` of an example on a backend, in this process with the sources. */
async function runMain(main: () => Promise<void>, create: () => AsyncBackend): Promise<string[]> {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
    lines.push(...format(...values).split("\n"));
  });
  try {
    await run(main, { backend: create() });
  } finally {
    log.mockRestore();
  }
  return lines;
}

export interface FolderOptions {
  /** The examples that run on the native backend only, with the reason, or the reason for all. The others export `main`. */
  readonly nativeOnly?: Readonly<Record<string, string>> | string;
  /** The examples that cannot run on a host, with the reason. */
  readonly leftOut?: ReadonlyArray<{
    readonly hosts: readonly Host[];
    readonly file: string;
    readonly reason: string;
  }>;
  /** The examples that cannot run on this machine, with the reason. */
  readonly missing?: Readonly<Record<string, string | undefined>>;
  /** The environment of the programs. */
  readonly env?: Readonly<Record<string, string>>;
  /** The files of the folder that are no programs. */
  readonly parts?: readonly string[];
}

/**
 * Runs every example of the folder of a test file, and compares its whole output with the text at its end: in a process of its
 * own on the native backend, and, if it exports `main`, on the other backends.
 */
export function testFolder(url: string, options: FolderOptions = {}): void {
  const { nativeOnly = {}, leftOut = [], missing = {}, env, parts = [] } = options;
  const folder = fileURLToPath(new URL(".", url));
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".mjs") && !parts.includes(name))
    .sort();
  const exportsMain = (name: string): boolean =>
    readFileSync(`${folder}${name}`, "utf8").includes("export async function main(");

  it("all examples run on every backend, except those that give a reason", () => {
    const onlyNative = typeof nativeOnly === "string" ? names : Object.keys(nativeOnly).sort();
    expect(names.filter((name) => !exportsMain(name))).toEqual(onlyNative);
    for (const { file } of leftOut) expect(names).toContain(file);
    for (const name of Object.keys(missing)) expect(names).toContain(name);
  });

  describe.each(names)("%s", (name) => {
    const file = `${folder}${name}`;
    const reason =
      missing[name] ?? leftOut.find((entry) => entry.file === name && entry.hosts.includes(host))?.reason;

    it("prints its expected output, writes no other errors, and ends by itself", async ({ skip }) => {
      skip(reason !== undefined, reason);
      expect(await runProgram(file, env)).toEqual(expectedOutput(file));
    });

    if (!exportsMain(name)) return;
    it.for(backends)("prints the same on the backend $name", async ({ create }, { skip }) => {
      skip(reason !== undefined, reason);
      const { main } = await import(file);
      expect(await runMain(main, create)).toEqual(expectedOutput(file).lines);
    });
  });
}
