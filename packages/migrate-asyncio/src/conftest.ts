import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const known: Map<string, boolean> = new Map();

/**
 * Whether a `conftest.py` in the folder of a test file, or above it in the project, has a loop fixture or async
 * fixtures for pytest-asyncio. Tests use such fixtures without importing them.
 */
export function hasAsyncioFixtures(path: string): boolean {
  return inFolder(dirname(resolve(path)));
}

const loops = /\bevent_loop\w*\b|\bpytest_asyncio\b/;
const asyncFixture =
  /@[\w.]*fixture\b(?:\((?:[^()]|\([^()]*\))*\))?[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*@[^\n]*\n)*[ \t]*async\s+def/;

/** Whether a file has a loop fixture or async fixtures that pytest-asyncio runs. */
export function namesAsyncioFixtures(text: string): boolean {
  return loops.test(text) || asyncFixture.test(text);
}

function inFolder(folder: string): boolean {
  const cached = known.get(folder);
  if (cached !== undefined) return cached;
  const file = join(folder, "conftest.py");
  const own = existsSync(file) && namesAsyncioFixtures(readFileSync(file, "utf8"));
  // Files above the repository belong to other projects.
  const above = dirname(folder);
  const found = own || (above !== folder && !existsSync(join(folder, ".git")) && inFolder(above));
  known.set(folder, found);
  return found;
}
