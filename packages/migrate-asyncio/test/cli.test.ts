import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Report } from "@hother/cancelable-migrate/engine";
import { describe, expect, test } from "vitest";
import { Project } from "../../migrate/test/support/project.ts";
import { cli } from "./cli.ts";

const binary = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

describe("The command line for Python", () => {
  test("reports Python 2 and broken files, and changes the other files.", async () => {
    const good = "import asyncio\nasync def f():\n    await asyncio.sleep(1)\n";
    using project = new Project({
      "old.py": "import asyncio\nprint 'hello'\n",
      "older.py": "import asyncio\nexec 'x'\nexcept_ = 0777\n",
      "half.py": "import asyncio\nasyncio.run(\n",
      "utf16.py": Buffer.from("\uFEFFimport asyncio\n", "utf16le"),
      "deep.py": `import asyncio\nx = ${"(".repeat(20_000)}asyncio${")".repeat(20_000)}\n`,
      "good.py": `\uFEFF${good.replaceAll("\n", "\r\n")}`,
    });
    const { code, out } = await cli(project.root, "--write");
    expect(code).toBe(3);
    for (const name of ["old", "older", "half"])
      expect(out).toMatch(new RegExp(`/${name}\\.py: .*(Python|parse)`));
    expect(out).toMatch(/deep\.py: .*(parse|nested)/);
    expect(out).toContain("utf16.py: is not valid UTF-8");
    expect(project.read("old.py")).toBe("import asyncio\nprint 'hello'\n");
    // The byte order mark and the line ends are kept.
    expect(project.read("good.py")).toBe(
      `\uFEFF${good.replaceAll("asyncio", "anyio").replaceAll("\n", "\r\n")}`,
    );
  });

  test("reports the change in behaviour for every structural edit.", async () => {
    using project = new Project({
      "a.py": "import asyncio\n\nasync def f(g):\n    await asyncio.wait_for(g(), 1)\n",
    });
    const { out } = await cli(project.root, "--structural", "--format", "json");
    const [edit] =
      (JSON.parse(out) as Report).results[0]?.edits.filter(({ rule }) => rule === "wait-for") ?? [];
    expect(edit?.reason).toContain("A timeout cancels the call through a cancel scope");
  });

  test("marks threads in a project that stops a loop by hand.", async () => {
    const writer = "import asyncio\n\n\nasync def write(out):\n    await asyncio.to_thread(out.write, 'x')\n";
    using project = new Project({
      "pyproject.toml": "",
      "app/writer.py": writer,
      "app/server.py": "def serve(loop):\n    loop.run_forever()\n",
      "other/pyproject.toml": "",
      "other/writer.py": writer,
    });
    const { out } = await cli(project.root, "--write", "--structural");
    expect(project.read("app/writer.py")).toBe(writer);
    expect(out).toContain("app/server.py runs or stops a loop by hand.");
    expect(project.read("other/writer.py")).toContain("anyio.to_thread.run_sync(out.write, 'x')");
  });

  test.skipIf(!existsSync(binary))("finds the same with several threads (skipped without a build).", () => {
    using project = new Project();
    const sleeper = "import asyncio\n\nasync def f():\n    await asyncio.sleep(1)\n";
    for (let i = 0; i < 100; i++) project.put(`f${i}.py`, i % 2 === 0 ? sleeper : "import asyncio.\n");
    const report = (jobs: string): Report => {
      const { stdout } = spawnSync(process.execPath, [binary, ".", "--format", "json", "--jobs", jobs], {
        cwd: project.root,
        encoding: "utf8",
      });
      return JSON.parse(stdout) as Report;
    };
    const one = report("1");
    expect(one).toMatchObject({ tool: "asyncio-to-anyio", engine: "asyncio", total: 100, errors: 50 });
    expect(report("3").results).toEqual(one.results);
  });
});
