import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll } from "vitest";

let folder: string | undefined;
let count = 0;

/** A file with `source`, for `import()` in a thread. Bun reads no exports of a data URL. Removed after the test file. */
export function moduleFile(source: string): URL {
  folder ??= mkdtempSync(join(tmpdir(), "cancelable-"));
  const file = join(folder, `${++count}.mjs`);
  writeFileSync(file, source);
  return pathToFileURL(file);
}

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
});
