import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { BuildOptions } from "esbuild";
import type { Plugin } from "vitest/config";
import { leftOut, overBuiltFiles } from "./left-out.ts";

/*
 * The suite over the files that are published: `BUILT_FILES=1 npm test`. Tests import the packages by their sources. Here such an
 * import gets the file of `dist` that a user of Node gets, and Node loads that file itself, so that there is one copy in a process.
 */

const packages = fileURLToPath(new URL("../../packages/", import.meta.url));

/** A target of `exports`, or the targets by condition. */
type Target = string | { readonly [condition: string]: Target };

/** The target that Node takes for an import. */
function targetOf(target: Target): string {
  if (typeof target === "string") return target;
  const condition = Object.keys(target).find((name) => ["node", "module-sync", "default"].includes(name));
  return targetOf(target[condition as string] as Target);
}

interface Entry {
  readonly name: string;
  readonly source: string;
  readonly published: string;
}

/** The entries of all packages. */
function entries(): Entry[] {
  return readdirSync(packages).flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(`${packages}${folder}/package.json`, "utf8")) as {
      readonly name: string;
      readonly exports: Readonly<Record<string, Target>>;
    };
    return Object.entries(manifest.exports)
      .map(([entry, target]) => ({
        name: manifest.name + entry.slice(1),
        source: resolve(packages, folder, "src", entry, "index.ts"),
        published: resolve(packages, folder, targetOf(target)),
      }))
      .filter(({ source }) => existsSync(source)); // not ./package.json
  });
}

/** The files that are published, by the files of the source that they are made of. */
let publishedFiles: ReadonlyMap<string, string> | undefined;

/** The file that is published for a file of the source. The core has such a file for its entries only. */
export function publishedFile(source: string): string | undefined {
  const [, folder, file] = /^([^/]+)\/src\/(.*)\.ts$/.exec(source.slice(packages.length)) ?? [];
  if (folder === undefined || !source.startsWith(packages)) return undefined;
  publishedFiles ??= new Map([
    ...entries().map(({ source, published }) => [source, published] as const),
    [`${packages}cancelable/src/threads/thread-entry.ts`, `${packages}cancelable/dist/node/thread-entry.js`],
  ]);
  return (
    publishedFiles.get(source) ??
    (folder === "cancelable" ? undefined : `${packages}${folder}/dist/${file}.js`)
  );
}

/**
 * Options for esbuild, which bundles the programs of tests with the sources of the packages. Over the built files it finds what a
 * user gets.
 */
export function packagesForEsbuild(): Pick<BuildOptions, "alias" | "conditions" | "tsconfigRaw"> {
  // The paths of the tests' tsconfig.json lead to the sources.
  if (overBuiltFiles) return { tsconfigRaw: {} };
  // Esbuild takes the first alias that is a prefix, so the longest is first.
  const longestFirst = entries().sort((a, b) => b.name.length - a.name.length);
  return {
    conditions: ["source"],
    alias: Object.fromEntries(longestFirst.map(({ name, source }) => [name, source])),
  };
}

/** Whether no test of a file runs over the built files. */
const isLeftOut = (file: string): boolean =>
  file.includes("/src/") ||
  leftOut.some(
    (entry) =>
      entry.hosts.includes("built files") && entry.title === undefined && file.endsWith(`/${entry.file}`),
  );

/** Gives tests the files that are published. */
export function useBuiltFiles(): Plugin {
  return {
    name: "built files",
    enforce: "pre",
    resolveId(source, importer) {
      if (!source.startsWith(".") || importer === undefined) return undefined;
      const file = resolve(dirname(importer), source);
      const published = publishedFile(file);
      // A second copy of the core, in part, would test nothing that users get.
      if (published === undefined && file.startsWith(`${packages}cancelable/src/`) && !isLeftOut(importer))
        throw new Error(`${importer} imports ${file}, which is not published: see left-out.ts`);
      return published;
    },
  };
}
