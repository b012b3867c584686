import { describe, expect, it } from "vitest";
import { createAsyncioEngine } from "../src/engine.ts";
import { applyEdits } from "./apply-edits.ts";

const engine = await createAsyncioEngine();
const safe = { structural: false };

describe("the asyncio engine", () => {
  it.each([
    ["print statement", "import asyncio\nprint 'x'\n"],
    ["exec statement", "import asyncio\nexec 'x'\n"],
    ["octal number", "import asyncio\nx = 0777\n"],
    ["long number", "import asyncio\nx = 10L\n"],
    ["ur string", "import asyncio\nx = ur'x'\n"],
    ["backquotes", "import asyncio\nx = `x`\n"],
    ["unequal sign", "import asyncio\nx = 1 <> 2\n"],
    ["raise with a comma", "import asyncio\nraise E, 'x'\n"],
    ["tuple parameter", "import asyncio\ndef f((a, b)): pass\n"],
    ["except with a comma", "import asyncio\ntry:\n    pass\nexcept A, e:\n    pass\n"],
    ["a keyword as a name", "import asyncio\nasync = asyncio.async\n"],
    ["open bracket", "import asyncio\nf(\n"],
    ["half a file", "import asyncio\nasync def f(:\n"],
    ["a statement cut short", "import asyncio\nx = asyncio.\n"],
  ])("reports a parse error and nothing else for %s", async (_, text) => {
    const analysis = await engine.analyze("a.py", text, safe);
    expect(analysis.parseError).toMatch(/./);
    expect(analysis).toMatchObject({ edits: [], marks: [], references: 0 });
  });

  it("handles Python and project files, and parses only files that name asyncio", () => {
    expect(
      ["a.py", "b/c.pyi", "pyproject.toml", "requirements/dev.txt"].map((path) => engine.matches(path)),
    ).toEqual([true, true, true, true]);
    expect(["a.ts", "notes.txt", "x.pyc"].some((path) => engine.matches(path))).toBe(false);
    expect(engine.mayMatter("import asyncio", "a.py", safe)).toBe(true);
    expect(engine.mayMatter("import trio\nprint(1)\n", "a.py", safe)).toBe(false);
  });

  it("has rules with unique names, and each fills every column of the table", () => {
    const names = engine.rules.map((rule) => rule.name);
    expect(new Set(names).size).toBe(names.length);
    for (const rule of engine.rules) expect(Object.values(rule).every((column) => column !== "")).toBe(true);
    expect(new Set(engine.rules.map((rule) => rule.class))).toEqual(new Set(["S", "R", "M", "X"]));
  });

  it("applies only the selected rules, and keeps the import for other uses", async () => {
    const text =
      "import asyncio\n\n\nasync def f():\n    await asyncio.sleep(1)\n    await asyncio.to_thread(f)\n";
    const { edits, marks, references } = await engine.analyze("a.py", text, { ...safe, only: ["sleep"] });
    expect(applyEdits(text, edits)).toBe(
      text.replace("asyncio.sleep", "anyio.sleep").replace("\n", "\nimport anyio\n"),
    );
    expect(marks).toEqual([]);
    expect(references).toBe(1);
  });

  it("keeps line ends, byte order mark, tabs and all text outside the edits", async () => {
    const text =
      "\uFEFF# 😀\r\nimport asyncio\r\nasync def f():\r\n\tawait  asyncio . sleep( 1 ) # 😀 asyncio.sleep\r\n";
    const { edits } = await engine.analyze("a.py", text, safe);
    expect(applyEdits(text, edits)).toBe(
      text.replace("import asyncio", "import anyio").replace("asyncio . sleep", "anyio.sleep"),
    );
  });

  it("imports before neither a docstring nor a __future__ import", async () => {
    const text =
      '"""from x import y"""\nfrom __future__ import annotations; import asyncio\nasync def f(): await asyncio.sleep(0)\n';
    const { edits } = await engine.analyze("a.py", text, safe);
    expect(applyEdits(text, edits)).toBe(text.replaceAll("asyncio", "anyio"));
  });

  it("reads deep nesting and long lines", async () => {
    const text = `import asyncio\nx = ${"(".repeat(150)}asyncio${")".repeat(150)}\ny = [${"1, ".repeat(20_000)}]\n`;
    const analysis = await engine.analyze("a.py", text, safe);
    expect(analysis.references).toBe(1);
  });

  it("reads a lone carriage return as a line end", async () => {
    const text = "import asyncio\rasync def f():\r    await asyncio.sleep(1)\r";
    const { edits, parseError } = await engine.analyze("a.py", text, safe);
    expect(parseError).toBeUndefined();
    expect(applyEdits(text, edits)).toBe(text.replaceAll("asyncio", "anyio"));
  });

  it("moves lines into a group with the indent and the line ends of the file", async () => {
    const text =
      "import asyncio\r\nasync def f(g):\r\n\tt = asyncio.create_task(g())\r\n\r\n\tif g:\r\n\t\tawait asyncio.wait_for(g(), 1)\r\n\tawait t\r\n\treturn 1\r\n";
    const { edits } = await engine.analyze("a.py", text, { structural: true });
    expect(applyEdits(text, edits)).toBe(
      "import anyio\r\nasync def f(g):\r\n\tasync with anyio.create_task_group() as tg:\r\n\t\ttg.start_soon(g)\r\n\r\n\t\tif g:\r\n\t\t\twith anyio.fail_after(1):\r\n\t\t\t\tawait g()\r\n\treturn 1\r\n",
    );
  });

  it("makes all edits of a plan or none", async () => {
    const text =
      "import asyncio\n\n\ndef test_f(f):\n    loop = asyncio.new_event_loop()\n    loop.run_until_complete(f())\n    loop.close()\n";
    const only = await engine.analyze("test_a.py", text, { structural: true, only: ["event-loop-set"] });
    expect(only.edits).toEqual([]);
    expect(only.marks).toHaveLength(2);
    const taken = text.replace("def test_f", "anyio = 1\n\n\ndef test_f");
    expect((await engine.analyze("test_a.py", taken, { structural: true })).edits).toEqual([]);
    expect((await engine.analyze("test_a.py", text, { structural: true })).edits).not.toEqual([]);
  });
});
