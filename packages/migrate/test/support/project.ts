import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runCommandLine } from "../../src/engine/command-line.ts";
import type { Tool } from "../../src/engine/tool.ts";
import { promisesTool } from "../../src/tool.ts";

/** A temporary folder with files in it. */
export class Project implements Disposable {
  readonly root: string = realpathSync(mkdtempSync(join(tmpdir(), "migrate-")));

  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    for (const [name, content] of Object.entries(files)) this.put(name, content);
  }

  path(name: string): string {
    return join(this.root, name);
  }

  put(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The exit code and the output of a command line. */
interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line of the promises rules in this process. */
export function cli(...argv: string[]): Promise<Finished> {
  return runTool(promisesTool, argv);
}

/** Runs the command line of a tool in this process. */
export async function runTool(tool: Tool, argv: readonly string[]): Promise<Finished> {
  let out = "";
  let err = "";
  const code = await runCommandLine(tool, ["--no-color", ...argv], {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isTerminal: false,
  });
  return { code, out, err };
}

/** A file with one safe rewrite, and its rewritten text. */
export const before =
  'import a from "a";\nexport const f = async () => {\n  await new Promise((r) => setTimeout(r, 5));\n  return a;\n};\n';
export const after =
  'import a from "a";\nimport { sleep } from "@hother/cancelable";\nexport const f = async () => {\n  await sleep(5);\n  return a;\n};\n';
/** A file with one place for review. */
export const marked = 'process.on("SIGINT", () => {});\n';
