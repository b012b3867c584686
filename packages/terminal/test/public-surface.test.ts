import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { packagesForEsbuild } from "../../../tools/hosts/built-files.ts";
import * as terminal from "../src/index.ts";

test("The entry exports exactly these values and types", async () => {
  expect(Object.keys(terminal)).toEqual(["renderProgress"]);
  const text = await readFile(new URL("../src/index.ts", import.meta.url), "utf8");
  expect(text.match(/\b[A-Z]\w+\b/g)?.sort()).toEqual([
    "ProgressView",
    "ProgressViewOptions",
    "TerminalStream",
  ]);
});

test("The package can be imported by exactly these paths, each with types", async () => {
  const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly exports: unknown;
  };
  expect(manifest.exports).toEqual({
    ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
    "./package.json": "./package.json",
  });
});

test("A bundle for browsers contains neither log-update nor node modules, and writes lines to a given stream", async () => {
  const { metafile, outputFiles } = await build({
    stdin: {
      contents: `
        import { Cancellable } from "@hother/cancelable";
        import { renderProgress } from "@hother/cancelable-terminal";
        export async function show(write) {
          const job = new Cancellable({ name: "job" });
          const view = renderProgress(job, { stream: { isTTY: true, write } });
          await job.run(() => undefined);
          await view[Symbol.asyncDispose]();
        }
        export const withoutStream = () => renderProgress(new Cancellable());
      `,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    ...packagesForEsbuild(),
  });
  expect(Object.keys(metafile.inputs).filter((name) => /node:|node_modules/.test(name))).toEqual([]);
  const text = outputFiles[0]?.text ?? "";
  // From a file: Bun gives no exports of a module in a data URL.
  const folder = mkdtempSync(join(tmpdir(), "cancelable-terminal-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "bundle.mjs");
  writeFileSync(file, text);
  const bundle = (await import(pathToFileURL(file).href)) as {
    show(write: (text: string) => void): Promise<void>;
    withoutStream(): void;
  };
  let written = "";
  await bundle.show((line) => {
    written += line;
  });
  expect(written).toMatch(/^\[.*\] job {2}pending\n.*job {2}completed/s);
  expect(bundle.withoutStream).toThrow(/^The standard output .*\(set options\.stream\)/);
});
