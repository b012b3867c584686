import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createAsyncioEngine } from "../src/engine.ts";
import { applyEdits } from "./apply-edits.ts";

const engine = await createAsyncioEngine();
const marked = "import pytest\n\n\n@pytest.mark.asyncio\nasync def test_it(it):\n    pass\n";
const plain = `import asyncio


async def main():
    return 1


def test_main():
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(main()) == 1
    loop.close()


class TestMain:
    def test_run(self):
        assert asyncio.run(main()) == 1


def helper():
    asyncio.run(main())
`;
let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "pytest-files-"));
  mkdirSync(join(root, "repo", "tests", "unit"), { recursive: true });
  mkdirSync(join(root, "repo", ".git"));
});
afterEach(() => rmSync(root, { recursive: true }));

async function migrate(path: string, text: string): Promise<string> {
  const { edits } = await engine.analyze(path, text, { structural: true });
  return applyEdits(text, edits);
}

test.each([
  ["a loop policy", "from my_loops import event_loop_policy\n"],
  ["fixtures of pytest-asyncio", "import pytest_asyncio\n"],
  ["async fixtures", "@pytest.fixture(\n    scope='module',\n)\nasync def it():\n    yield 1\n"],
])("markers stay where a conftest.py above the test has %s", async (_, conftest) => {
  writeFileSync(join(root, "repo", "tests", "conftest.py"), conftest);
  expect(await migrate(join(root, "repo", "tests", "unit", "test_a.py"), marked)).toBe(marked);
});

test("markers are rewritten if no conftest.py of the project has a loop or async fixtures", async () => {
  writeFileSync(join(root, "conftest.py"), "import pytest_asyncio\n");
  writeFileSync(
    join(root, "repo", "tests", "conftest.py"),
    "@pytest.fixture\ndef it():\n    async def f(): pass\n    return f\n",
  );
  const result = await migrate(join(root, "repo", "tests", "unit", "test_a.py"), marked);
  expect(result).toContain("@pytest.mark.anyio\n");
});

test("synchronous tests of a test file run coroutines with anyio, helpers are kept", async () => {
  const result = await migrate(join(root, "test_a.py"), plain);
  expect(result).toContain("def test_main():\n    assert anyio.run(main) == 1\n");
  expect(result).toContain("        assert anyio.run(main) == 1\n");
  expect(result).toContain("def helper():\n    asyncio.run(main())\n");
  expect(await migrate(join(root, "library.py"), plain)).toBe(plain);
});

test("synchronous tests are kept in a file that uses anyio, whose fixtures may keep a loop open", async () => {
  const text = `import anyio\n${plain}`;
  expect(await migrate(join(root, "test_a.py"), text)).toBe(text);
});
