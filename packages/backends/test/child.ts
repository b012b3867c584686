import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { packagesForEsbuild } from "../../../tools/hosts/built-files.ts";

const packages = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a TypeScript module that imports the library from its source, in a process of its own. Returns the output. */
export async function runChild(source: string, flags: readonly string[] = []): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, loader: "ts", resolveDir: `${packages}backends` },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    ...packagesForEsbuild(),
  });
  const child = spawn(process.execPath, [...flags, "--input-type=module", "-"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  child.stdin.end(outputFiles[0]?.text);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(`${output}exit ${code ?? signal}`));
  });
}
