import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { packagesForEsbuild } from "../../../tools/hosts/built-files.ts";

const packages = fileURLToPath(new URL("../..", import.meta.url));

/** Whether the machine has `script` of util-linux, which runs a program in a terminal. */
export const hasTerminals: boolean = spawnSync("script", ["--version"], {
  encoding: "utf8",
}).stdout?.includes("util-linux");

export interface TerminalRun {
  /** The exit code; after a signal, 128 plus the number of the signal. */
  readonly code: number | null;
  /** The complete output, with "\n" at the ends of lines. */
  readonly text: string;
}

/** Runs a TypeScript module in a new terminal. The module imports the packages. */
export async function runInTerminal(
  source: string,
  size: { columns: number; rows: number },
): Promise<TerminalRun> {
  const folder = await mkdtemp(join(tmpdir(), "cancelable-terminal-"));
  try {
    const { outputFiles } = await build({
      stdin: { contents: source, loader: "ts", resolveDir: `${packages}terminal` },
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      ...packagesForEsbuild(),
    });
    const file = join(folder, "program.mjs");
    await writeFile(file, outputFiles[0]?.text ?? "");
    const permissions = "deno" in process.versions ? "run -A" : "";
    const command = `stty cols ${size.columns} rows ${size.rows} && exec '${process.execPath}' ${permissions} '${file}'`;
    const { NO_COLOR: _, ...environment } = process.env;
    const child = spawn("script", ["-qfec", command, "/dev/null"], {
      stdio: ["ignore", "pipe", "inherit"],
      // A program that hangs must not outlive its test. Its terminal closes together with `script`.
      timeout: 15_000,
      killSignal: "SIGKILL",
      env: { ...environment, TERM: "xterm", SHELL: "/bin/sh" },
    });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    return { code, text: text.replaceAll("\r\n", "\n") };
  } finally {
    await rm(folder, { recursive: true });
  }
}
