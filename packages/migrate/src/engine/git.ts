import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The repositories around the paths that have uncommitted changes. */
export function dirtyTrees(paths: readonly string[]): string[] {
  const tops = new Set<string>();
  for (const path of paths) {
    const top = git(folderOf(path), ["rev-parse", "--show-toplevel"])?.trim();
    if (top) tops.add(top);
  }
  return [...tops].filter((top) => (git(top, ["status", "--porcelain"]) ?? "") !== "");
}

function folderOf(path: string): string {
  const full = resolve(path);
  try {
    return statSync(full).isDirectory() ? full : dirname(full);
  } catch {
    return dirname(full);
  }
}

/** The output of a git command; undefined outside a repository or without git. */
function git(cwd: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync("git", ["-C", cwd, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 1e8,
    });
  } catch {
    return undefined;
  }
}
