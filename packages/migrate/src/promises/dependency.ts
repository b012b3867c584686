import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const library = "@hother/cancelable";
const lists = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] as const;

/** One sentence for each `package.json` around edited files that does not list the library. */
export function dependencyAdvice(edited: readonly string[]): string[] {
  const manifests = new Set(edited.flatMap((path) => nearestManifest(dirname(resolve(path))) ?? []));
  return [...manifests]
    .filter((manifest) => !listsLibrary(manifest))
    .map((manifest) => `Add ${library} to the dependencies in ${relative(process.cwd(), manifest)}.`)
    .sort();
}

function nearestManifest(folder: string): string | undefined {
  const manifest = join(folder, "package.json");
  if (existsSync(manifest)) return manifest;
  const above = dirname(folder);
  return above === folder ? undefined : nearestManifest(above);
}

function listsLibrary(manifest: string): boolean {
  try {
    const json = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
    // The library's own package needs no entry.
    return json.name === library || lists.some((list) => library in Object(json[list]));
  } catch {
    // A broken manifest has other problems.
    return true;
  }
}
