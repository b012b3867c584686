import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll } from "vitest";
import { packagesForEsbuild } from "../../../../tools/hosts/built-files.ts";

const packageRoot = fileURLToPath(new URL("../..", import.meta.url));

/** How a program has ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  /** The lines on stderr. */
  readonly errors: string[];
}

let folder: string;
let built = 0;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "program-"));
});

afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** Builds a TypeScript module that imports the library from its source. Returns the path of the program. */
export async function buildProgram(source: string): Promise<string> {
  const outfile = join(folder, `${built++}.mjs`);
  await build({
    stdin: { contents: source, loader: "ts", resolveDir: packageRoot },
    bundle: true,
    outfile,
    format: "esm",
    platform: "node",
    target: "node20",
    ...packagesForEsbuild(),
  });
  return outfile;
}

/**
 * Runs a program on the host of the tests, to its end. Calls `onOutput` with the whole output so far whenever more
 * arrives.
 */
export function runProgram(
  file: string,
  onOutput?: (output: string, child: ChildProcess) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ended> {
  const child = spawn(process.execPath, "deno" in process.versions ? ["run", "-A", file] : [file], {
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
  running.add(child);
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    onOutput?.(output, child);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve({ code, signal, output, errors: errors === "" ? [] : errors.trimEnd().split("\n") });
    });
  });
}
