import { basename, dirname, relative, resolve, sep } from "node:path";
import type { FileNotes } from "@hother/cancelable-migrate/engine";
import type { AsyncioOptions } from "../options.ts";
import type { ProjectNeeds } from "./place.ts";

/** Files that make the folder they are in a project of its own. */
const roots = /^(?:pyproject\.toml|setup\.py|setup\.cfg)$/;

const testFile = /(?:^|\/)(?:tests?\/|conftest\.py$|test_[^/]*$|[^/]*_test\.py$)/;

/** What ships with a project without being it. */
const besides = /(?:^|\/)(?:docs?|examples?|benchmarks?|bench)\/|(?:^|\/)setup\.py$/;

/**
 * What the project around a project file needs, by what its Python files said; undefined when none of
 * them needs anyio, so that nothing is to do.
 */
export function projectNeeds(path: string, options: AsyncioOptions): ProjectNeeds | undefined {
  const folder = folderOf(path);
  const own = filesOf(folder, options.others ?? []);
  const needing = own.filter(({ notes }) => notes.includes("anyio"));
  const code = needing.some((file) => !testFile.test(file.path) && !besides.test(file.path));
  const tests = needing.some((file) => testFile.test(file.path));
  if (!code && !tests) return undefined;
  return {
    least: options.anyioMin ?? "4.0",
    who: code ? "code" : "tests",
    keepsPytestAsyncio: own.some(({ notes }) => notes.includes("pytest-asyncio")),
    choosesBackend: own.some(
      (file) => /(?:^|\/)conftest\.py$/.test(file.path) && file.notes.includes("anyio-backend"),
    ),
  };
}

function folderOf(path: string): string {
  const folder = dirname(resolve(path));
  return basename(folder) === "requirements" && path.endsWith(".txt") ? dirname(folder) : folder;
}

/** The files below a folder by their paths inside it, without those of projects in the project. */
function filesOf(folder: string, all: readonly FileNotes[]): FileNotes[] {
  const inside = all.flatMap(({ path, notes }) => {
    const below = relative(folder, resolve(path)).split(sep).join("/");
    return below.startsWith("../") ? [] : [{ path: below, notes }];
  });
  const nested = inside
    .filter(({ path }) => path.includes("/") && roots.test(basename(path)))
    .map(({ path }) => `${dirname(path)}/`);
  return inside.filter(({ path }) => !nested.some((project) => path.startsWith(project)));
}
