import { describe, expect, it } from "vitest";
import { createAsyncioEngine } from "../../src/asyncio/index.ts";
import { readPythonMinimum } from "../../src/asyncio/python-minimum.ts";
import type { FileAnalysis } from "../../src/engine.ts";
import { applyEdits } from "./apply-edits.ts";

const engine = await createAsyncioEngine();

async function migrate(path: string, text: string, anyioMin?: string): Promise<[string, FileAnalysis]> {
  const options = { structural: true, ...(anyioMin === undefined ? {} : { anyioMin }) };
  expect(engine.matches(path)).toBe(true);
  expect(engine.mayMatter(text)).toBe(true);
  const analysis = await engine.analyze(path, text, options);
  const result = applyEdits(text, analysis.edits);
  expect((await engine.analyze(path, result, options)).edits).toEqual([]);
  const safe = await engine.analyze(path, text, { ...options, structural: false });
  expect(safe.edits).toEqual([]);
  expect(safe.marks).toHaveLength(analysis.references);
  return [result, analysis];
}

describe("the oldest Python", () => {
  it.each([
    ['requires-python = ">=3.9,<4"', "3.9"],
    ["python_requires = >=3.10.2", "3.10"],
    ["    python_requires='~=3.8',", "3.8"],
    ['python = "^3.12"', "3.12"],
    ['python = "*"', undefined],
    ["", undefined],
  ])("is read from %s", (text, expected) => {
    expect(readPythonMinimum(`[project]\n${text}\n`)).toBe(expected);
  });
});

describe("project files under --structural", () => {
  it("get anyio in [project] dependencies, in the list's own layout", async () => {
    const text =
      '[project]\nname = "x"\ndependencies = [\n  "idna>=3", # names\n  \'trio\',\n]\n\n[tool.x]\ndependencies = []\n';
    const [result] = await migrate("a/pyproject.toml", text);
    expect(result).toBe(text.replace("  'trio',\n", "  'trio',\n  'anyio>=4.0',\n"));
  });

  it("get anyio in an empty and in a one-line list, and in poetry's table", async () => {
    expect((await migrate("pyproject.toml", "[project]\ndependencies = []\n"))[0]).toBe(
      '[project]\ndependencies = ["anyio>=4.0"]\n',
    );
    const poetry = '[tool.poetry.dependencies]\npython = "^3.9"\n\n[tool.y]\n';
    expect((await migrate("pyproject.toml", poetry, "4.11"))[0]).toBe(
      '[tool.poetry.dependencies]\npython = "^3.9"\nanyio = ">=4.11"\n\n[tool.y]\n',
    );
  });

  it("change asyncio_mode = auto where anyio has such a mode, and never stand beside it", async () => {
    const text = '[tool.pytest.ini_options]\nasyncio_mode = "auto"\n';
    expect((await migrate("pyproject.toml", text, "4.11"))[0]).toBe(
      text.replace("asyncio_mode", "anyio_mode"),
    );
    const [same, old] = await migrate("pyproject.toml", text);
    expect(same).toBe(text);
    expect(old.marks.map((mark) => mark.api)).toEqual(["asyncio_mode"]);
    const [ini] = await migrate("pytest.ini", "[pytest]\r\nasyncio_mode = auto\r\n", "4.12");
    expect(ini).toBe("[pytest]\r\nanyio_mode = auto\r\n");
  });

  it("keep pytest-asyncio, with a mark", async () => {
    const text =
      '[project]\ndependencies = ["anyio"]\n[dependency-groups]\ntest = ["pytest-asyncio>=0.23"]\n';
    const [same, { marks }] = await migrate("pyproject.toml", text);
    expect(same).toBe(text);
    expect(marks.map((mark) => mark.api)).toEqual(["pytest-asyncio"]);
  });

  it("get a line in setup.cfg, in requirements.txt and in setup.py's literal list", async () => {
    const cfg = "[options]\ninstall_requires =\n    idna\n    trio>=0.2\npython_requires = >=3.9\n";
    expect((await migrate("setup.cfg", cfg))[0]).toBe(cfg.replace(">=0.2\n", ">=0.2\n    anyio>=4.0\n"));
    expect((await migrate("requirements.txt", "idna==3 # x\r\n-r more.txt\r\n"))[0]).toBe(
      "idna==3 # x\r\n-r more.txt\r\nanyio>=4.0\r\n",
    );
    const setup = "from setuptools import setup\n\nsetup(\n    install_requires=['idna'],\n)\n";
    expect((await migrate("setup.py", setup))[0]).toBe(setup.replace("['idna']", "['idna', 'anyio>=4.0']"));
  });

  it("stay when their lists are computed, hashed or for tests", async () => {
    const setup = "setup(\n    install_requires=read('requirements.txt'),\n)\n";
    expect((await engine.analyze("setup.py", setup, { structural: true })).references).toBe(0);
    for (const text of ["idna==3 --hash=sha256:00\n", "pytest\nidna\n"]) {
      expect((await engine.analyze("requirements-dev.txt", text, { structural: true })).references).toBe(0);
    }
  });
});
