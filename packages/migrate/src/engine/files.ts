import { type Dirent, existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
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

/** A file to read, or the reason why a path cannot be read. */
export type Found = { readonly path: string; readonly problem?: undefined } | Unreadable;

interface Unreadable {
  readonly path: string;
  readonly problem: Problem;
}

interface FilesOptions {
  /** Lines of a `.gitignore`, relative to the given path. Default: all files of the engine. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** The files below the given paths that an engine handles: sorted, each once, without the files that git ignores. */
export function* findFiles(
  roots: readonly string[],
  engine: Engine,
  options: FilesOptions,
): Generator<Found> {
  const search = new Search(engine, options);
  for (const root of roots) yield* search.root(root);
}

/** The rules of one `.gitignore`. */
interface Rules {
  readonly folder: string;
  readonly ignored: Ignore;
}

/** A folder on the way down. */
interface Folder {
  readonly path: string;
  /** The path as the user gave it, for the report. */
  readonly shown: string;
  readonly rules: readonly Rules[];
  /** The real paths of the folders around it. A link to one of them would never end. */
  readonly above: readonly string[];
}

/** An entry of a folder, with links followed. */
interface Entry {
  readonly name: string;
  readonly path: string;
  readonly shown: string;
  readonly isLink: boolean;
  readonly kind: "folder" | "file" | "other";
}

class Search {
  readonly #engine: Engine;
  readonly #include: Ignore | undefined;
  readonly #exclude: Ignore;
  /** Real paths of the files and folders that were found. */
  readonly #seen = new Set<string>();
  /** The given path that is being searched; `include` and `exclude` are relative to it. */
  #top = "";

  constructor(engine: Engine, { include, exclude }: FilesOptions) {
    this.#engine = engine;
    this.#include = include.length > 0 ? ignore().add([...include]) : undefined;
    this.#exclude = ignore().add([...exclude]);
  }

  *root(root: string): Generator<Found> {
    const path = resolve(root);
    let kind: Entry["kind"];
    try {
      kind = kindOf(statSync(path));
    } catch (error) {
      yield unreadable(root, error);
      return;
    }
    this.#top = path;
    if (kind === "folder") yield* this.#folder({ path, shown: root, rules: inherited(path), above: [] });
    else if (kind === "other") yield { path: root, problem: notAFile };
    // A file that is named on the command line is read even if git ignores it.
    else if (this.#isNew(realpathSync(path))) yield { path: root };
  }

  *#folder({ path, shown, rules, above }: Folder): Generator<Found> {
    let real: string;
    let entries: Dirent[];
    try {
      real = realpathSync(path);
      entries = readdirSync(path, { withFileTypes: true });
    } catch (error) {
      yield unreadable(shown, error);
      return;
    }
    if (above.includes(real)) {
      const message = `is a link to a folder that contains it: ${real}`;
      yield { path: shown, problem: { kind: "loop", message } };
      return;
    }
    if (!this.#isNew(real)) return;
    const own = readIgnore(path);
    const inside = {
      rules: own === undefined ? rules : [...rules, { folder: path, ignored: own }],
      above: [...above, real],
    };
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
      yield* this.#entry(entry, { path, shown, ...inside });
  }

  *#entry(found: Dirent, folder: Folder): Generator<Found> {
    const entry = this.#followed(found, folder);
    if (entry === undefined) return;
    if ("problem" in entry) {
      yield entry;
      return;
    }
    if (!this.#isWanted(entry, folder)) return;
    const { path, shown } = entry;
    if (entry.kind === "folder") yield* this.#folder({ ...folder, path, shown });
    else if (entry.kind === "other") yield { path: shown, problem: notAFile };
    else if (this.#include?.ignores(this.#inside(entry)) !== false) {
      const real = entry.isLink ? realpathSync(path) : join(folder.above.at(-1) ?? "", entry.name);
      if (this.#isNew(real)) yield { path: shown };
    }
  }

  /** The entry with its link followed; undefined for a broken link that is not about this engine. */
  #followed(found: Dirent, folder: Folder): Entry | Unreadable | undefined {
    const { name } = found;
    const path = join(folder.path, name);
    const shown = join(folder.shown, name);
    const isLink = found.isSymbolicLink();
    try {
      return { name, path, shown, isLink, kind: kindOf(isLink ? statSync(path) : found) };
    } catch (error) {
      const isLoop = (error as NodeJS.ErrnoException).code === "ELOOP";
      return isLoop || this.#engine.matches(path) ? unreadable(shown, error) : undefined;
    }
  }

  #isWanted(entry: Entry, { rules, above }: Folder): boolean {
    const isFolder = entry.kind === "folder";
    if (isFolder ? foreign.has(entry.name) : !this.#engine.matches(entry.path)) return false;
    if (entry.isLink && this.#isFoundAnyway(realpathSync(entry.path), isFolder, above)) return false;
    return !this.#exclude.ignores(this.#inside(entry)) && !isIgnored(rules, entry.path, isFolder);
  }

  /** Whether this search finds the target of a link under its own path too. */
  #isFoundAnyway(target: string, isFolder: boolean, above: readonly string[]): boolean {
    // A link to a folder around it is an error, which is reported where the folder is entered.
    if (above.includes(target)) return false;
    const inside = relative(realpathSync(this.#top), target).split(sep);
    if (inside[0] === ".." || inside.some((part) => foreign.has(part))) return false;
    return isFolder || this.#engine.matches(target);
  }

  #inside({ path, kind }: Entry): string {
    return relative(this.#top, path).split(sep).join("/") + (kind === "folder" ? "/" : "");
  }

  #isNew(real: string): boolean {
    if (this.#seen.has(real)) return false;
    this.#seen.add(real);
    return true;
  }
}

function kindOf(entry: { isDirectory(): boolean; isFile(): boolean }): Entry["kind"] {
  return entry.isDirectory() ? "folder" : entry.isFile() ? "file" : "other";
}

/** For a pipe or a socket: reading it may never end. */
const notAFile: Problem = { kind: "read", message: "cannot be read: not a regular file" };

function unreadable(path: string, error: unknown): Unreadable {
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
  // Outside a repository, the files above do not apply.
  return [];
}

/** Whether git ignores a path. The deepest `.gitignore` that matches decides. */
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
