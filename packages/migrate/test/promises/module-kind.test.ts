import { describe, expect, test } from "vitest";
import { before, cli, Project } from "../support/project.ts";

const config = (module: string): string => `{
  // The kind of modules.
  "compilerOptions": { "strict": true, "module": "${module}", },
}`;

describe("A CommonJS file of TypeScript", () => {
  test.each(["node16", "node18"])(
    "is only marked under `module: %s`, where it cannot import the library.",
    async (module) => {
      using project = new Project({
        "tsconfig.base.json": config(module),
        "tsconfig.json": '{ "extends": "./tsconfig.base.json" }',
        "package.json": "{}",
        "a.ts": before,
        "b.mts": before,
      });
      const { out } = await cli("promises", project.root, "--write");
      expect(project.read("a.ts")).toBe(before);
      expect(out).toContain("TypeScript reports TS1479 for the import");
      expect(project.read("b.mts")).toContain("await sleep(5)");
    },
  );

  test("is edited under `module: nodenext`, unless its TypeScript is older than 5.8.", async () => {
    using project = new Project({
      "tsconfig.json": config("NodeNext"),
      "package.json": "{}",
      "a.ts": before,
    });
    project.put("node_modules/typescript/package.json", '{ "version": "5.3.2" }');
    await cli("promises", project.root, "--write");
    expect(project.read("a.ts")).toBe(before);
    project.put("node_modules/typescript/package.json", '{ "version": "5.9.3" }');
    await cli("promises", project.root, "--write");
    expect(project.read("a.ts")).toContain("await sleep(5)");
  });

  test("is edited in an ES module package.", async () => {
    using project = new Project({
      "tsconfig.json": config("node16"),
      "package.json": '{ "type": "module" }',
      "a.ts": before,
    });
    await cli("promises", project.root, "--write");
    expect(project.read("a.ts")).toContain("await sleep(5)");
  });
});

test("A JavaScript file beside its TypeScript source is not edited.", async () => {
  using project = new Project({ "a.ts": before, "a.js": before, "b.js": before });
  await cli("promises", project.root, "--write");
  expect(project.read("a.js")).toBe(before);
  expect(project.read("a.ts")).toContain("await sleep(5)");
  expect(project.read("b.js")).toContain("await sleep(5)");
});
