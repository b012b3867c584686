import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const known: Map<string, boolean> = new Map();

/**
 * Whether a `conftest.py` beside a test file, or above it in its project, has a loop or async fixtures for
 * pytest-asyncio. Its tests use them without naming them, so no test file alone can tell.
 */
export function hasAsyncioFixtures(path: string): boolean {
  return inFolder(dirname(resolve(path)));
}

const loops = /\bevent_loop\w*\b|\bpytest_asyncio\b/;
const asyncFixture =
  /@[\w.]*fixture\b(?:\((?:[^()]|\([^()]*\))*\))?[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*@[^\n]*\n)*[ \t]*async\s+def/;

/** Whether a file's text has a loop or async fixtures that pytest-asyncio would run. */
export function namesAsyncioFixtures(text: string): boolean {
  return loops.test(text) || asyncFixture.test(text);
}

function inFolder(folder: string): boolean {
  const cached = known.get(folder);
  if (cached !== undefined) return cached;
  const file = join(folder, "conftest.py");
  const own = existsSync(file) && namesAsyncioFixtures(readFileSync(file, "utf8"));
  // The repository is the project: what is above it is somebody else's.
  const above = dirname(folder);
  const found = own || (above !== folder && !existsSync(join(folder, ".git")) && inFolder(above));
  known.set(folder, found);
  return found;
}
