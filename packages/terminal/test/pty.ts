import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const packageRoot = fileURLToPath(new URL("../..", import.meta.url));

/** Whether there is `script` of util-linux, which gives a program a terminal. */
export const hasTerminals: boolean = spawnSync("script", ["--version"], {
  encoding: "utf8",
}).stdout?.includes("util-linux");

export interface TerminalRun {
  /** Of a process that a signal ended: 128 and the signal's number. */
  readonly code: number | null;
  /** Everything that the terminal was sent, the ends of lines as "\n". */
  readonly text: string;
}

/** Runs a TypeScript module that imports the library, from its source, in a terminal of its own. */
export async function runInTerminal(
  source: string,
  size: { columns: number; rows: number },
): Promise<TerminalRun> {
  const folder = await mkdtemp(join(tmpdir(), "cancelable-terminal-"));
  try {
    const { outputFiles } = await build({
      stdin: { contents: source, loader: "ts", resolveDir: packageRoot },
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      conditions: ["source"],
      alias: {
        "@hother/cancelable/terminal": `${packageRoot}/src/terminal/index.ts`,
        "@hother/cancelable": `${packageRoot}/src/index.ts`,
      },
    });
    const file = join(folder, "program.mjs");
    await writeFile(file, outputFiles[0]?.text ?? "");
    const command = `stty cols ${size.columns} rows ${size.rows} && exec '${process.execPath}' '${file}'`;
    const { NO_COLOR: _, ...environment } = process.env;
    const child = spawn("script", ["-qfec", command, "/dev/null"], {
      stdio: ["ignore", "pipe", "inherit"],
      // A program that does not end is none that a later test should meet; its terminal goes with `script`.
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
