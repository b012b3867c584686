import { type Dirent, existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** Code that runs a loop without an end, or stops it from outside. */
const manual = /\.run_forever\s*\(|\bloop\.stop\b/;

/** Folders without code of the project. */
const foreign = /^(?:\..*|node_modules|site-packages|venv|env|__pycache__|build|dist)$/;

const known: Map<string, string | undefined> = new Map();

/** Whether a file runs or stops a loop by hand. */
export function handlesLoop(text: string): boolean {
  return manual.test(text);
}

/** A Python file of the project around a path that runs or stops a loop by hand, as a relative path. */
export function loopFileAround(path: string): string | undefined {
  const root = projectRoot(dirname(resolve(path)));
  if (root === undefined) return undefined;
  if (!known.has(root)) known.set(root, findIn(root, root));
  return known.get(root);
}

/** The nearest folder with a project file, or the top of the repository. */
function projectRoot(folder: string): string | undefined {
  const marks = ["pyproject.toml", "setup.py", "setup.cfg", ".git"];
  if (marks.some((name) => existsSync(join(folder, name)))) return folder;
  const above = dirname(folder);
  return above === folder || !existsSync(folder) ? undefined : projectRoot(above);
}

function findIn(folder: string, root: string): string | undefined {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !foreign.test(entry.name)) {
      const found = findIn(path, root);
      if (found !== undefined) return found;
    } else if (entry.isFile() && entry.name.endsWith(".py") && handlesLoop(textOf(path)))
      return relative(root, path);
  }
  return undefined;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
