import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readPythonMinimum } from "./python-minimum.ts";

const projectFiles = ["pyproject.toml", "setup.cfg", "setup.py"] as const;

/** Finds the oldest Python that the project of a file supports. Each folder is read once. */
export class ProjectMinimums {
  readonly #folders = new Map<string, string | undefined>();

  /** The minimum in the nearest project file above a path. */
  of(path: string): string | undefined {
    return this.#inFolder(dirname(resolve(path)));
  }

  #inFolder(folder: string): string | undefined {
    if (this.#folders.has(folder)) return this.#folders.get(folder);
    const above = dirname(folder);
    // Files above the repository belong to other projects.
    const isTop = above === folder || existsSync(join(folder, ".git"));
    const found = ownMinimum(folder) ?? (isTop ? undefined : this.#inFolder(above));
    this.#folders.set(folder, found);
    return found;
  }
}

function ownMinimum(folder: string): string | undefined {
  for (const name of projectFiles) {
    const file = join(folder, name);
    const found = existsSync(file) ? readPythonMinimum(name, readFileSync(file, "utf8")) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
