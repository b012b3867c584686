import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import type { ParsedFile } from "./parsed-file.ts";
import { type Syntax, text } from "./syntax.ts";
import { nearestConfig } from "./type-program.ts";

/** The reason why a file cannot import the library; undefined if it can. */
export function importProblem(file: ParsedFile): string | undefined {
  if (isServed(file))
    return "The file seems to be served to a browser as it is, where a package cannot be imported by its name.";
  return file.isTypeScript ? commonJsProblem(file.path) : undefined;
}

/** Whether a file is loaded by a browser without a bundler: it imports by URL, or stands in a public folder. */
function isServed(file: ParsedFile): boolean {
  const sources = importedSources(file);
  if (sources.some((source) => /^(?:https?:)?\/|(?:^|\/)node_modules\//.test(source))) return true;
  if (!/(?:^|[\\/])(?:public|static|wwwroot)[\\/]/.test(file.path)) return false;
  const isNode = file.names.globals.has("require") || file.names.globals.has("process");
  return !isNode && sources.every((source) => /^\.{0,2}\//.test(source));
}

function importedSources(file: ParsedFile): string[] {
  return (file.program.body as Syntax[]).flatMap((node) =>
    node.type === "ImportDeclaration" ? (text(node.source) ?? []) : [],
  );
}

/**
 * The library has ES modules only. Under `module: node16` and `node18`, and before TypeScript 5.8 also under `nodenext`,
 * TypeScript does not let a CommonJS file import an ES module (TS1479).
 */
function commonJsProblem(path: string): string | undefined {
  if (/\.mtsx?$/i.test(path) || (!/\.cts$/i.test(path) && isModulePackage(path))) return undefined;
  const config = nearestConfig(dirname(path));
  const module = config === undefined ? undefined : moduleOption(config);
  const refuses =
    module === "node16" || module === "node18" || (module === "nodenext" && isBefore58(dirname(path)));
  if (!refuses) return undefined;
  return `The library has ES modules only, and this is a CommonJS file under \`module: ${module}\`: TypeScript reports TS1479 for the import. Use ES modules, or \`module: nodenext\` with TypeScript 5.8 or newer.`;
}

const packages = new Map<string, boolean>();

/** Whether the nearest `package.json` says `"type": "module"`. */
export function isModulePackage(path: string): boolean {
  const folder = dirname(resolve(path));
  const known = packages.get(folder);
  if (known !== undefined) return known;
  const manifest = join(folder, "package.json");
  let answer = false;
  if (existsSync(manifest)) answer = readJson(manifest)?.type === "module";
  else if (dirname(folder) !== folder) answer = isModulePackage(folder);
  packages.set(folder, answer);
  return answer;
}

const modules = new Map<string, string | undefined>();

/** The option `module` of a `tsconfig.json`, or of the one that it extends, in lower case. */
function moduleOption(config: string): string | undefined {
  if (modules.has(config)) return modules.get(config);
  // A configuration that extends itself has no option.
  modules.set(config, undefined);
  const json = readJson(config);
  const options = json?.compilerOptions as { module?: unknown } | undefined;
  let found = typeof options?.module === "string" ? options.module.toLowerCase() : undefined;
  const bases = [json?.extends ?? []].flat().reverse();
  for (const base of bases) {
    const path = typeof base === "string" && found === undefined ? basePath(config, base) : undefined;
    if (path !== undefined) found = moduleOption(path);
  }
  modules.set(config, found);
  return found;
}

function basePath(config: string, base: string): string | undefined {
  const folder = dirname(config);
  const names = base.startsWith(".") || base.startsWith("/") ? [resolve(folder, base)] : [];
  for (const name of names) {
    for (const path of [name, `${name}.json`]) if (existsSync(path) && path.endsWith(".json")) return path;
  }
  try {
    return names.length === 0 ? createRequire(config).resolve(base) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the TypeScript that is installed for a folder is older than 5.8. */
function isBefore58(folder: string): boolean {
  try {
    const manifest = createRequire(join(resolve(folder), "file.js")).resolve("typescript/package.json");
    const [major = 0, minor = 0] = String(readJson(manifest)?.version).split(".").map(Number);
    return major < 5 || (major === 5 && minor < 8);
  } catch {
    return false;
  }
}

/** A JSON file, possibly with comments and trailing commas; undefined if it cannot be read. */
function readJson(path: string): Record<string, unknown> | undefined {
  try {
    const source = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
    const plain = source.replace(
      /("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[^]*?\*\//g,
      (_, string) => string ?? "",
    );
    return JSON.parse(plain.replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_, string) => string ?? ""));
  } catch {
    return undefined;
  }
}
