import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { main } from "../../src/main.ts";

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

/** Runs the command line in this process. */
export async function cli(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await main(["--no-color", ...argv], {
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

/** A file with one safe rewrite, and what it becomes. */
export const before =
  'import a from "a";\nexport const f = async () => {\n  await new Promise((r) => setTimeout(r, 5));\n  return a;\n};\n';
export const after =
  'import a from "a";\nimport { sleep } from "@hother/cancelable";\nexport const f = async () => {\n  await sleep(5);\n  return a;\n};\n';
/** A file with one place for a person. */
export const marked = 'process.on("SIGINT", () => {});\n';
