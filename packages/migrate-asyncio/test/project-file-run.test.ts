import { describe, expect, test } from "vitest";
import { Project } from "../../migrate/test/support/project.ts";
import { cli } from "./cli.ts";

const pyproject = '[project]\nname = "x"\ndependencies = ["idna"]\n';
const withAnyio = pyproject.replace('"idna"', '"idna", "anyio>=4.0"');
const sleeper = "import asyncio\n\n\nasync def f():\n    await asyncio.sleep(1)\n";
/** A file with a use of asyncio that is never edited. */
const stays = "import asyncio\n\n\nasync def f(t):\n    await asyncio.wait(t)\n";

async function write(project: Project, ...more: string[]): Promise<string> {
  const { out } = await cli(project.root, "--write", "--structural", ...more);
  return out;
}

describe("A project file", () => {
  test("gets anyio if a Python file of its project gets it, and only once.", async () => {
    using project = new Project({ "pyproject.toml": pyproject, "src/x/a.py": sleeper });
    await write(project);
    expect(project.read("src/x/a.py")).toContain("anyio.sleep(1)");
    expect(project.read("pyproject.toml")).toBe(withAnyio);
    expect(await write(project)).toContain("0 files changed (0 edits)");
    expect(project.read("pyproject.toml")).toBe(withAnyio);
  });

  test("gets anyio if a file already imports it, as after a run without --structural.", async () => {
    using project = new Project({ "pyproject.toml": pyproject, "a.py": sleeper });
    await cli(project.root, "--write");
    expect(project.read("pyproject.toml")).toBe(pyproject);
    await write(project);
    expect(project.read("pyproject.toml")).toBe(withAnyio);
  });

  test.each<[string, string, string]>([
    ["none of its files changes", "a.py", stays],
    ["there is no asyncio at all", "a.py", "print(1)\n"],
    [
      "a rewrite needs no anyio",
      "a.py",
      "import asyncio\n\ntry:\n    pass\nexcept asyncio.TimeoutError:\n    pass\n",
    ],
    ["anyio is optional", "a.py", "try:\n    import anyio\nexcept ImportError:\n    anyio = None\n"],
    ["anyio is for types", "a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import anyio\n"],
    ["anyio is only spoken of", "a.py", '"""\n    import anyio\n"""\n'],
    ["only an example needs it", "examples/a.py", sleeper],
    ["only the documentation needs it", "docs/conf.py", sleeper],
    ["only tests need it", "tests/test_a.py", sleeper],
    ["the file is of a project inside", "packages/y/a.py", sleeper],
    ["the file does not parse", "a.py", "import asyncio\nasyncio.sleep(\n"],
  ])("stays as it is when %s.", async (_, path, text) => {
    using project = new Project({
      "pyproject.toml": pyproject,
      "requirements.txt": "idna\n",
      "setup.cfg": "[options]\ninstall_requires =\n    idna\n",
      "packages/y/setup.py": "from setuptools import setup\n\nsetup(install_requires=['idna'])\n",
      [path]: text,
    });
    await write(project, "--python-min", "3.11");
    expect(project.read("pyproject.toml")).toBe(pyproject);
    expect(project.read("requirements.txt")).toBe("idna\n");
    expect(project.read("setup.cfg")).toBe("[options]\ninstall_requires =\n    idna\n");
  });

  test("of a nested project serves only the nested project.", async () => {
    using project = new Project({
      "pyproject.toml": pyproject,
      "packages/y/setup.py": "from setuptools import setup\n\nsetup(install_requires=['idna'])\n",
      "packages/y/y/a.py": sleeper,
      "requirements/base.txt": "idna\n",
      "b.py": stays,
    });
    await write(project);
    expect(project.read("packages/y/setup.py")).toContain("['idna', 'anyio>=4.0']");
    expect(project.read("pyproject.toml")).toBe(pyproject);
    expect(project.read("requirements/base.txt")).toBe("idna\n");
    project.put("b.py", sleeper);
    await write(project);
    expect(project.read("pyproject.toml")).toBe(withAnyio);
    expect(project.read("requirements/base.txt")).toBe("idna\nanyio>=4.0\n");
  });

  test("that does not parse is an error if an edit is needed; other files are changed.", async () => {
    using project = new Project({ "pyproject.toml": "[project\n", "a.py": "print(1)\n" });
    expect((await cli(project.root)).code).toBe(0);
    project.put("a.py", sleeper);
    const { code, out } = await cli(project.root, "--write", "--structural");
    expect(code).toBe(3);
    expect(out).toMatch(/pyproject\.toml: the file does not parse: /);
    expect(project.read("a.py")).toContain("anyio.sleep");
    expect(project.read("pyproject.toml")).toBe("[project\n");
  });

  test("is not changed with --only, unless its rule is selected.", async () => {
    using project = new Project({ "pyproject.toml": pyproject, "a.py": sleeper });
    project.put("b.py", `${sleeper}    await asyncio.wait(t)\n`);
    const report = JSON.parse(await write(project, "--only", "sleep", "--format", "json"));
    expect(report.results.map((file: { asyncio_free: boolean }) => file.asyncio_free)).toEqual([true, false]);
    expect(project.read("pyproject.toml")).toBe(pyproject);
    await write(project, "--only", "project-file");
    expect(project.read("pyproject.toml")).toBe(withAnyio);
  });
});
