import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import ignore, { type Ignore } from "ignore";
import type { Engine } from "./engine.ts";
import type { Problem } from "./results.ts";

/** Folders that never hold code of the project. */
const foreign = new Set([
  "node_modules",
  "bower_components",
  ".git",
  ".hg",
  ".svn",
  ".yarn",
  "__pycache__",
  ".venv",
  ".tox",
  ".nox",
  ".mypy_cache",
  "site-packages",
]);

/** A file to look at, or why a place cannot be looked at. */
export type Found =
  | { readonly path: string; readonly problem?: undefined }
  | { readonly path: string; readonly problem: Problem };

interface Rules {
  readonly folder: string;
  readonly ignored: Ignore;
}

interface FilesOptions {
  /** As lines of a `.gitignore`, relative to the path given; default: all files of the engine. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** The files of a tree that an engine is about: sorted, each once, without what git ignores. */
export function* findFiles(
  roots: readonly string[],
  engine: Engine,
  options: FilesOptions,
): Generator<Found> {
  const seen = new Set<string>();
  const include = options.include.length > 0 ? ignore().add([...options.include]) : undefined;
  const exclude = ignore().add([...options.exclude]);
  for (const root of roots) {
    const path = resolve(root);
    let isFolder: boolean;
    try {
      const status = statSync(path);
      isFolder = status.isDirectory();
      if (!isFolder && !status.isFile()) {
        yield { path: root, problem: noFile };
        continue;
      }
    } catch (error) {
      yield unreadable(root, error);
      continue;
    }
    if (isFolder) yield* inFolder(path, root, inherited(path), []);
    else if (!seen.has(realpathSync(path))) {
      // Named by itself, a file is looked at whatever ignores it.
      seen.add(realpathSync(path));
      yield { path: root };
    }

    /** A link to what this tree has under a name of its own; a link to a folder that it is in is an error. */
    function isFoundAnyway(target: string, isFolderEntry: boolean, above: readonly string[]): boolean {
      if (above.includes(target)) return false;
      const inside = relative(realpathSync(path), target).split(sep);
      if (inside[0] === ".." || inside.some((part) => foreign.has(part))) return false;
      return isFolderEntry || engine.matches(target);
    }

    function* inFolder(
      folder: string,
      shown: string,
      rules: readonly Rules[],
      above: readonly string[],
    ): Generator<Found> {
      let names: Array<{ name: string; link: boolean; folder: boolean; file: boolean }>;
      let real: string;
      try {
        real = realpathSync(folder);
        names = readdirSync(folder, { withFileTypes: true })
          .map((each) => ({
            name: each.name,
            link: each.isSymbolicLink(),
            folder: each.isDirectory(),
            file: each.isFile(),
          }))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      } catch (error) {
        yield unreadable(shown, error);
        return;
      }
      if (above.includes(real)) {
        yield { path: shown, problem: { kind: "loop", message: `is a link to a folder it is in: ${real}` } };
        return;
      }
      if (seen.has(real)) return;
      seen.add(real);
      const own = readIgnore(folder);
      const here = own === undefined ? rules : [...rules, { folder, ignored: own }];
      for (const entry of names) {
        const at = join(folder, entry.name);
        const label = join(shown, entry.name);
        let isFolderEntry = entry.folder;
        let isFileEntry = entry.file;
        if (entry.link) {
          try {
            const status = statSync(at);
            isFolderEntry = status.isDirectory();
            isFileEntry = status.isFile();
          } catch (error) {
            if (engine.matches(at) || (error as NodeJS.ErrnoException).code === "ELOOP")
              yield unreadable(label, error);
            continue;
          }
        }
        if (isFolderEntry ? foreign.has(entry.name) : !engine.matches(at)) continue;
        if (entry.link && isFoundAnyway(realpathSync(at), isFolderEntry, [...above, real])) continue;
        const inside = relative(path, at).split(sep).join("/") + (isFolderEntry ? "/" : "");
        if (exclude.ignores(inside) || isIgnored(here, at, isFolderEntry)) continue;
        if (isFolderEntry) yield* inFolder(at, label, here, [...above, real]);
        else if (!isFileEntry) yield { path: label, problem: noFile };
        else if (include === undefined || include.ignores(inside)) {
          const realFile = entry.link ? realpathSync(at) : join(real, entry.name);
          if (seen.has(realFile)) continue;
          seen.add(realFile);
          yield { path: label };
        }
      }
    }
  }
}

/** A pipe or a socket, which one might read for ever. */
const noFile: Problem = { kind: "read", message: "cannot be read: it is no file" };

function unreadable(path: string, error: unknown): Found {
  const { code, message } = error as NodeJS.ErrnoException;
  const kind = code === "ELOOP" ? "loop" : "read";
  return { path, problem: { kind, message: `cannot be read: ${code ?? message}` } };
}

function readIgnore(folder: string): Ignore | undefined {
  try {
    return ignore().add(readFileSync(join(folder, ".gitignore"), "utf8"));
  } catch {
    return undefined;
  }
}

/** The `.gitignore` files above a folder, up to the top of its repository. */
function inherited(folder: string): Rules[] {
  const rules: Rules[] = [];
  if (existsSync(join(folder, ".git"))) return rules;
  for (let at = dirname(folder), before = folder; at !== before; before = at, at = dirname(at)) {
    const ignored = readIgnore(at);
    if (ignored !== undefined) rules.unshift({ folder: at, ignored });
    if (existsSync(join(at, ".git"))) return rules;
  }
  // In no repository nothing above counts.
  return [];
}

/** The deepest file that says something about a path decides. */
function isIgnored(rules: readonly Rules[], path: string, isFolder: boolean): boolean {
  for (let i = rules.length - 1; i >= 0; i--) {
    const { folder, ignored } = rules[i] as Rules;
    const inside = relative(folder, path).split(sep).join("/") + (isFolder ? "/" : "");
    const answer = ignored.test(inside);
    if (answer.ignored) return true;
    if (answer.unignored) return false;
  }
  return false;
}
