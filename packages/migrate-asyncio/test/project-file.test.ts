import type { FileAnalysis, FileNotes } from "@hother/cancelable-migrate/engine";
import { describe, expect, it } from "vitest";
import { createAsyncioEngine } from "../src/engine.ts";
import { readPythonMinimum } from "../src/project-file/python-minimum.ts";
import { applyEdits } from "./apply-edits.ts";

const engine = await createAsyncioEngine();

interface Around {
  readonly anyioMin?: string;
  readonly others?: readonly FileNotes[];
}

const codeNeedsAnyio: readonly FileNotes[] = [{ path: "pkg/a.py", notes: ["anyio"] }];
const testsNeedAnyio: readonly FileNotes[] = [{ path: "tests/test_a.py", notes: ["anyio"] }];

/** The edited text and the analysis of a project file. Checks the properties of every edit. */
async function migrate(path: string, text: string, around: Around = {}): Promise<[string, FileAnalysis]> {
  const options = { structural: true, others: codeNeedsAnyio, ...around };
  expect(engine.matches(path)).toBe(true);
  expect(engine.isProjectFile?.(path)).toBe(true);
  expect(engine.mayMatter(text, path, { structural: true })).toBe(true);
  const analysis = await engine.analyze(path, text, options);
  expect(analysis.parseError).toBeUndefined();
  const result = applyEdits(text, analysis.edits);
  expect((await engine.analyze(path, result, options)).edits).toEqual([]);
  const safe = await engine.analyze(path, text, { ...options, structural: false });
  expect(safe.edits).toEqual([]);
  expect(safe.marks).toHaveLength(analysis.references);
  expect(await engine.analyze(path, text, { ...options, others: [] })).toMatchObject({ references: 0 });
  return [result, analysis];
}

/** The APIs that are marked in a file. Expects no edits. */
async function untouched(path: string, text: string, around?: Around): Promise<string[]> {
  const [result, { marks }] = await migrate(path, text, around);
  expect(result).toBe(text);
  return marks.map((mark) => mark.api);
}

describe("the oldest Python", () => {
  it.each([
    ["pyproject.toml", '[project]\nrequires-python = ">=3.9,<4"\n', "3.9"],
    ["pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.12"\n', "3.12"],
    ["pyproject.toml", '[tool.poetry]\ndependencies = { python = ">=3.8" }\n', "3.8"],
    ["pyproject.toml", '[tool.poetry.dependencies]\npython = "*"\n', undefined],
    ["pyproject.toml", 'note = """\nrequires-python = ">=3.9"\n"""\n', undefined],
    ["pyproject.toml", "[project\nrequires-python", undefined],
    ["setup.cfg", "[options]\npython_requires = >=3.10.2\n", "3.10"],
    ["setup.py", "setup(\n    python_requires='~=3.8',\n)\n", "3.8"],
    ["setup.py", "", undefined],
  ])("is read from %s: %j", (name, text, expected) => {
    expect(readPythonMinimum(name, text)).toBe(expected);
  });
});

describe("pyproject.toml under --structural", () => {
  it("gets anyio in the dependencies of [project], in the layout of the list", async () => {
    const text =
      '[project]\nname = "x"\ndependencies = [\n  "idna>=3", # names\n  \'trio\', # loops\n  # no more\n]\n\n[tool.x]\ndependencies = []\n';
    const [result] = await migrate("pyproject.toml", text);
    expect(result).toBe(text.replace("# loops\n", "# loops\n  'anyio>=4.0',\n"));
  });

  it.each([
    ["[]", '["anyio>=4.0"]'],
    ["[ # none yet\n]", '["anyio>=4.0" # none yet\n]'],
    ['["idna"]', '["idna", "anyio>=4.0"]'],
    ['["idna", ]', '["idna", "anyio>=4.0", ]'],
    ['[\n\t"idna"\n]', '[\n\t"idna",\n\t"anyio>=4.0"\n]'],
    ['[\n  "idna" # names\n]', '[\n  "idna", # names\n  "anyio>=4.0"\n]'],
    ['[\n  "idna",\n  "h11"]', '[\n  "idna",\n  "h11",\n  "anyio>=4.0"]'],
    ['["""idna"""]', '["""idna""", "anyio>=4.0"]'],
    ["[\"x[a,b] ; python_version < '3.9'\"]", '["x[a,b] ; python_version < \'3.9\'", "anyio>=4.0"]'],
  ])("turns %j into %j", async (list, expected) => {
    const text = (value: string): string => `[project]\nname = "x"\ndependencies = ${value}\n`;
    expect((await migrate("pyproject.toml", text(list)))[0]).toBe(text(expected));
  });

  it("keeps a byte order mark and CRLF, and accepts dotted and inline keys", async () => {
    const text = '\uFEFF[ "project" ]\r\ndependencies = [\r\n  "idna",\r\n]\r\n';
    expect((await migrate("pyproject.toml", text))[0]).toBe(
      text.replace('"idna",\r\n', '"idna",\r\n  "anyio>=4.0",\r\n'),
    );
    expect((await migrate("pyproject.toml", 'project.dependencies = ["idna"]\n'))[0]).toBe(
      'project.dependencies = ["idna", "anyio>=4.0"]\n',
    );
    expect((await migrate("pyproject.toml", 'project = { name = "x", dependencies = [] }\n'))[0]).toBe(
      'project = { name = "x", dependencies = ["anyio>=4.0"] }\n',
    );
  });

  it("gets a line in poetry's table, after the last one and its comment", async () => {
    const poetry = '[tool.poetry.dependencies]\npython = "^3.9" # old\n\n# more\n[tool.y]\n';
    expect((await migrate("pyproject.toml", poetry, { anyioMin: "4.11" }))[0]).toBe(
      poetry.replace("# old\n", '# old\nanyio = ">=4.11"\n'),
    );
    expect((await migrate("pyproject.toml", "[tool.poetry.dependencies]"))[0]).toBe(
      '[tool.poetry.dependencies]\nanyio = ">=4.0"',
    );
  });

  it("gets anyio in the list for tests if only tests need it", async () => {
    const text = [
      '[project]\ndependencies = ["idna"]',
      '[project.optional-dependencies]\ntests = ["pytest>=8"]\ndocs = ["sphinx"]',
      '[dependency-groups]\ndev = [{ include-group = "lint" }, "pytest-cov"]\nlint = ["ruff"]',
      '[tool.poetry.group.test.dependencies]\npytest = "^8"\n',
    ].join("\n");
    const [result] = await migrate("pyproject.toml", text, { others: testsNeedAnyio });
    expect(result).toBe(
      text
        .replace('["pytest>=8"]', '["pytest>=8", "anyio>=4.0"]')
        .replace('"pytest-cov"]', '"pytest-cov", "anyio>=4.0"]')
        .replace('pytest = "^8"\n', 'pytest = "^8"\nanyio = ">=4.0"\n'),
    );
  });

  it.each([
    ['[project]\ndependencies = ["AnyIO [trio] >=4.2"]\n', []],
    ['[project]\ndependencies = ["anyio"]\n', []],
    ['[project]\ndependencies = ["anyio>=3,<5"]\n', ["project.dependencies"]],
    ['[project]\ndependencies = ["anyio<4"]\n', ["project.dependencies"]],
    ["[tool.poetry.dependencies]\nanyio = { version = '>=4.1', extras = ['trio'] }\n", []],
    ["[tool.poetry.dependencies.anyio]\nversion = '^3.0'\n", ["tool.poetry.dependencies"]],
    ['[tool.poetry]\ndependencies = { python = "^3.9" }\n', ["tool.poetry.dependencies"]],
    ['[project]\nname = "x"\ndynamic = ["version", "dependencies"]\n', ["project.dependencies"]],
    ['[project]\nname = "x"\n', ["project.dependencies"]],
    ['[project]\ndependencies = "idna"\n', ["project.dependencies"]],
    ["[tool.black]\nline-length = 99\n", []],
    ['[project]\nname = "anyio"\ndependencies = ["idna"]\n', []],
    ['[[tool.x.dependencies]]\nname = "a"\n', []],
    ['# [project]\n# dependencies = []\nnote = """\n[project]\ndependencies = []\n"""\n', []],
  ])("stays as it is: %j", async (text, marks) => {
    expect(await untouched("pyproject.toml", text)).toEqual(marks);
  });

  it("is an error if it does not parse, but is not parsed unless the project needs anyio", async () => {
    const options = { structural: true, others: codeNeedsAnyio };
    expect(await engine.analyze("pyproject.toml", "[project]\ndependencies = [\n", options)).toMatchObject({
      parseError: expect.stringMatching(/does not parse: .* \(\d+:\d+\)$/),
      references: 0,
    });
    const without = { structural: true, others: [] };
    expect((await engine.analyze("pyproject.toml", "[project", without)).parseError).toBeUndefined();
  });
});

describe("pytest's settings", () => {
  const ready: Around = {
    anyioMin: "4.11",
    others: [...codeNeedsAnyio, { path: "tests/conftest.py", notes: ["anyio-backend"] }],
  };
  const auto = '[tool.pytest.ini_options]\nasyncio_mode = "auto" # all\n';

  it("get anyio's auto mode if anyio has it, a backend is chosen and pytest-asyncio is no longer used", async () => {
    expect((await migrate("pyproject.toml", auto, ready))[0]).toBe(
      auto.replace("asyncio_mode", "anyio_mode"),
    );
    const [ini] = await migrate("pytest.ini", "[pytest]\r\nasyncio_mode = auto\r\n", ready);
    expect(ini).toBe("[pytest]\r\nanyio_mode = auto\r\n");
    const cfg = "[metadata]\nasyncio_mode = auto\n\n[tool:pytest]\nasyncio_mode=auto\n";
    expect((await migrate("setup.cfg", cfg, ready))[0]).toBe(cfg.replace("asyncio_mode=", "anyio_mode="));
  });

  it.each<[string, Around, string]>([
    ["an older anyio", { ...ready, anyioMin: "4.10" }, auto],
    ["no anyio_backend fixture", { ...ready, others: codeNeedsAnyio }, auto],
    [
      "markers that remain",
      { ...ready, others: [...(ready.others ?? []), { path: "tests/test_b.py", notes: ["pytest-asyncio"] }] },
      auto,
    ],
    ["the strict mode", ready, auto.replace("auto", "strict")],
    ["anyio_mode beside it", ready, `${auto}anyio_mode = "auto"\n`],
    ["a value that is no string", ready, auto.replace('"auto"', "1")],
  ])("stay with %s", async (_, around, text) => {
    expect(await untouched("pyproject.toml", text, around)).toEqual(["asyncio_mode"]);
  });

  it("are marked if they configure pytest-asyncio", async () => {
    const text =
      '[tool.pytest.ini_options]\nasyncio_default_fixture_loop_scope = "function"\naddopts = ["-q", "--asyncio-mode=auto"]\nmarkers = ["slow: s", "asyncio: a"]\n';
    expect(await untouched("pyproject.toml", text)).toEqual([
      "asyncio_default_fixture_loop_scope",
      "addopts",
      "markers",
    ]);
    expect(await untouched("tox.ini", "[pytest]\nmarkers =\n    slow: s\n    asyncio: a\n")).toEqual([
      "markers",
    ]);
  });

  it("keep pytest-asyncio, with a mark that says whether it is still used", async () => {
    const text =
      '[project]\ndependencies = ["anyio"]\n[dependency-groups]\ntest = ["pytest-asyncio>=0.23", "pytest_asyncio2"]\n';
    const [same, { marks }] = await migrate("pyproject.toml", text);
    expect(same).toBe(text);
    expect(marks).toMatchObject([
      { api: "pytest-asyncio", suggestion: "Remove it, unless tests rely on its auto mode." },
    ]);
    const [, kept] = await migrate("pyproject.toml", text, {
      others: [...codeNeedsAnyio, { path: "tests/test_a.py", notes: ["pytest-asyncio"] }],
    });
    expect(kept.marks).toMatchObject([{ reason: "Markers or fixtures of pytest-asyncio remain." }]);
  });
});

describe("setup.cfg under --structural", () => {
  it("gets a line in its list, after the last requirement", async () => {
    const cfg =
      "[options]\ninstall_requires =\n    idna\n    # loops\n    trio>=0.2\n\n    # that is all\npython_requires = >=3.9\n";
    expect((await migrate("setup.cfg", cfg))[0]).toBe(cfg.replace(">=0.2\n", ">=0.2\n    anyio>=4.0\n"));
    const crlf = cfg.replaceAll("\n", "\r\n");
    expect((await migrate("setup.cfg", crlf))[0]).toBe(
      crlf.replace(">=0.2\r\n", ">=0.2\r\n    anyio>=4.0\r\n"),
    );
  });

  it("gets a line in the list for tests if only tests need anyio", async () => {
    const cfg =
      "[options]\ninstall_requires =\n  idna\n[options.extras_require]\ntests =\n  pytest\ndocs =\n  sphinx\n";
    expect((await migrate("setup.cfg", cfg, { others: testsNeedAnyio }))[0]).toBe(
      cfg.replace("  pytest\n", "  pytest\n  anyio>=4.0\n"),
    );
  });

  it.each([
    ["[options]\ninstall_requires = file: requirements.txt\n", ["install_requires"]],
    ["[options]\ninstall_requires = idna; trio\n", ["install_requires"]],
    ["[options]\ninstall_requires =\n", ["install_requires"]],
    ["[options]\ninstall_requires =\n    anyio~=4.2\n", []],
    ["[options]\ninstall_requires =\n    anyio<4\n", ["install_requires"]],
    ["[metadata]\ninstall_requires =\n    idna\n", []],
    ["[options]\n# install_requires =\n#     idna\n", []],
    ["[bdist_wheel]\nuniversal = 1\n", []],
    ["[metadata]\nname = anyio\n[options]\ninstall_requires =\n    idna\n", []],
    ["[options]\npackages = find:\n", ["install_requires"]],
  ])("stays as it is: %j", async (text, marks) => {
    expect(await untouched("setup.cfg", text)).toEqual(marks);
  });
});

describe("requirements files under --structural", () => {
  it("get a line at the end", async () => {
    expect((await migrate("requirements.txt", "idna==3 # x\r\n-r more.txt\r\n"))[0]).toBe(
      "idna==3 # x\r\n-r more.txt\r\nanyio>=4.0\r\n",
    );
    expect((await migrate("requirements/base.txt", "idna"))[0]).toBe("idna\nanyio>=4.0");
  });

  it("get anyio in the list with pytest if only tests need it", async () => {
    const around = { others: testsNeedAnyio };
    expect((await migrate("requirements-dev.txt", "pytest\nruff\n", around))[0]).toBe(
      "pytest\nruff\nanyio>=4.0\n",
    );
    expect(await untouched("requirements.txt", "idna\n", around)).toEqual([]);
  });

  it.each<[string, string, string[]]>([
    ["requirements.txt", "idna==3 --hash=sha256:00\n", ["requirements"]],
    ["requirements.txt", "# This file is autogenerated by pip-compile\nidna==3\n", ["requirements"]],
    [
      "requirements.txt",
      "# This file was autogenerated by uv via the following command:\nidna==3\n",
      ["requirements"],
    ],
    ["requirements.txt", "idna==3 \\\n", ["requirements"]],
    ["requirements.txt", "-r base.txt\n-e .\n", []],
    ["requirements.txt", "anyio[trio]>=4\n", []],
    ["requirements.txt", "anyio==3.7.1\n", ["requirements"]],
    ["requirements.txt", "https://example.org/x.whl\n", []],
    ["requirements-dev.txt", "idna\n", []],
    ["requirements.txt", "pytest\nidna\n", []],
    ["requirements-docs.txt", "sphinx\n", []],
    ["requirements/lint.txt", "ruff\n", []],
    ["requirements.txt", "pytest-asyncio==0.2\npytest\n", ["pytest-asyncio"]],
    ["requirements.txt", "", []],
    ["requirements-cython.txt", "cython\n", []],
    ["requirements/speedups.txt", "idna\n", []],
  ])("stay as they are: %s, %j", async (path, text, marks) => {
    expect(await untouched(path, text)).toEqual(marks);
  });

  it("of the documentation are not changed", async () => {
    expect(
      (
        await engine.analyze("docs/requirements.txt", "sphinx\n", {
          structural: true,
          others: codeNeedsAnyio,
        })
      ).references,
    ).toBe(0);
  });
});

describe("setup.py under --structural", () => {
  const around = "from setuptools import setup\n\n";

  it.each([
    ["setup(\n    install_requires=['idna'],\n)\n", "['idna']", "['idna', 'anyio>=4.0']"],
    ["setup(install_requires=[])\n", "[]", '["anyio>=4.0"]'],
    ["setup(install_requires=())\n", "()", '("anyio>=4.0",)'],
    ['setup(install_requires=("idna",))\n', '("idna",)', '("idna", "anyio>=4.0",)'],
    [
      "deps = [\n    r'idna',  # names\n]\nsetup(install_requires=deps)\n",
      "# names\n",
      '# names\n    "anyio>=4.0",\n',
    ],
    ["import setuptools\nsetuptools.setup(install_requires=['a'])\n", "['a']", "['a', 'anyio>=4.0']"],
  ])("turns %j's %j into %j", async (text, before, after) => {
    expect((await migrate("setup.py", around + text))[0]).toBe(around + text.replace(before, after));
  });

  it("gets anyio in the list for tests if only tests need it", async () => {
    const text = `${around}setup(install_requires=['idna'], extras_require={'test': ['pytest'], 'docs': ['sphinx']})\n`;
    expect((await migrate("setup.py", text, { others: testsNeedAnyio }))[0]).toBe(
      text.replace("['pytest']", "['pytest', 'anyio>=4.0']"),
    );
  });

  it.each([
    ["setup(\n    install_requires=read('requirements.txt'),\n)\n", ["install_requires"]],
    ["setup(install_requires=['idna'] + more)\n", ["install_requires"]],
    ["setup(install_requires=[f'idna{v}'])\n", ["install_requires"]],
    ["setup(install_requires=[*more])\n", ["install_requires"]],
    ["setup(install_requires=[x for x in y])\n", ["install_requires"]],
    ["deps = ['a']\ndeps.append('b')\nsetup(install_requires=deps)\n", ["install_requires"]],
    ["deps = ['a']\nif x:\n    deps = []\nsetup(install_requires=deps)\n", ["install_requires"]],
    ["setup(install_requires='idna')\n", ["install_requires"]],
    ["setup(install_requires=['anyio>=4'])\n", []],
    ["setup(**config)\n", []],
    ["setup(packages=['x'])\n", ["install_requires"]],
    ["# install_requires=['a']\ntext = '''\nsetup(\n    install_requires=['a'],\n)'''\n", []],
    ["def other(install_requires=['a']): pass\n", []],
  ])("stays as it is: %j", async (text, marks) => {
    expect(await untouched("setup.py", around + text)).toEqual(marks);
  });
});
