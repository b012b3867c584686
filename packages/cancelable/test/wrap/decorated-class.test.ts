import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { packagesForEsbuild } from "../../../../tools/hosts/built-files.ts";
import { runScript } from "../child.ts";
import type { Told } from "./members.ts";

const source = fileURLToPath(new URL("members.ts", import.meta.url));
const packageRoot = fileURLToPath(new URL("../..", import.meta.url));
const compiler = fileURLToPath(new URL("../../../../node_modules/typescript/bin/tsc", import.meta.url));

/** The class as TypeScript compiles it, for engines without decorators. */
async function compiledByTypeScript(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cancelable-members-"));
  try {
    await promisify(execFile)(process.execPath, [
      compiler,
      source,
      ...["--ignoreConfig", "--noCheck", "--noResolve", "--isolatedModules"],
      ...["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"],
      ...["--allowImportingTsExtensions", "--rewriteRelativeImportExtensions", "--outDir", folder],
    ]);
    return await readFile(join(folder, "members.js"), "utf8");
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The module with the name of the package in its imports. */
const moved = (text: string): string =>
  text.replace(/"\.\.\/\.\.\/src\/index\.[jt]s"/g, '"@hother/cancelable"');

/** The output of the module. Bundlers rename classes; `keepNames` preserves what `name` returns. */
async function told(text: string): Promise<unknown> {
  const { outputFiles } = await build({
    stdin: { contents: moved(text), loader: "ts", resolveDir: packageRoot },
    ...{ bundle: true, write: false, format: "esm", platform: "node", target: "node20" },
    ...{ ...packagesForEsbuild(), keepNames: true },
  });
  const { code, output, errors } = await runScript(outputFiles[0]?.text ?? "");
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  return JSON.parse(output);
}

const expected: Told = {
  method: "Service.load 42",
  inherited: "Special.load 2",
  injected: "given 1 undefined true",
  generic: 5,
  slow: true,
  static: "Service.connect host",
  private: "Service.#secret 2",
  privateStatic: "Service.#key",
  getter: "Service.report 2",
  accessor: "Service.handler hello",
  field: "Service.field hello",
  functionName: "load",
  replaced: "replaced in Service.handler",
};

test("a class with decorated members, compiled by TypeScript, has the expected output (PAR-DEC-06)", async () => {
  const text = await compiledByTypeScript();
  expect(text).not.toMatch(/^\s*@cancellable/m);
  expect(await told(text)).toEqual(expected);
});

test("the same class, compiled by esbuild, has the same output (PAR-DEC-06)", async () => {
  expect(await told(await readFile(source, "utf8"))).toEqual(expected);
});
