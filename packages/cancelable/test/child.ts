import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { packagesForEsbuild } from "../../../tools/hosts/built-files.ts";

const packageRoot = fileURLToPath(new URL("..", import.meta.url));

/** The result of a script. */
export interface ScriptResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

/** Bundles a TypeScript module that imports the library from its source, for a process or a thread. */
export async function bundle(source: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, loader: "ts", resolveDir: packageRoot },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    ...packagesForEsbuild(),
  });
  return outputFiles[0]?.text ?? "";
}

/** Runs a TypeScript module that imports the library from its source, in a process of its own. */
export async function runScript(source: string, nodeOptions: readonly string[] = []): Promise<ScriptResult> {
  const code = await bundle(source);
  const child = spawn(process.execPath, [...nodeOptions, "--input-type=module", "-"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdin.end(code);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ code: exitCode, signal, output, errors }));
  });
}
