import { basename, dirname, relative, resolve, sep } from "node:path";
import type { FileNotes } from "@hother/cancelable-migrate/engine";
import type { AsyncioOptions } from "../options.ts";
import type { ProjectNeeds } from "./place.ts";

/** Files that mark their folder as a project. */
const roots = /^(?:pyproject\.toml|setup\.py|setup\.cfg)$/;

const testFile = /(?:^|\/)(?:tests?\/|conftest\.py$|test_[^/]*$|[^/]*_test\.py$)/;

/** Files of a project that are not part of its package. */
const besides = /(?:^|\/)(?:docs?|examples?|benchmarks?|bench)\/|(?:^|\/)setup\.py$/;

/**
 * The needs of the project around a project file, from the notes of its Python files. Undefined if none of them needs
 * anyio.
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
    neededBy: code ? "code" : "tests",
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

/** The files below a folder with relative paths, without files of nested projects. */
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
