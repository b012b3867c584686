import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readPythonMinimum } from "./python-minimum.ts";

const projectFiles = ["pyproject.toml", "setup.cfg", "setup.py"] as const;

/** The oldest Python that the project around `path` supports, as its nearest project file says. */
export function projectMinimum(path: string): string | undefined {
  const start = resolve(path);
  let folder = existsSync(start) && statSync(start).isDirectory() ? start : dirname(start);
  for (;;) {
    for (const name of projectFiles) {
      const file = join(folder, name);
      const found = existsSync(file) ? readPythonMinimum(readFileSync(file, "utf8")) : undefined;
      if (found !== undefined) return found;
    }
    const above = dirname(folder);
    // The repository is the project: what is above it is somebody else's.
    if (above === folder || existsSync(join(folder, ".git"))) return undefined;
    folder = above;
  }
}
