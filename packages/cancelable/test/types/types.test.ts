import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
const compiler = fileURLToPath(new URL("../../../../node_modules/typescript/bin/tsc", import.meta.url));

test("with experimentalDecorators the compiler says that cancellable is a standard decorator", () => {
  const options = ["--ignoreConfig", "--noEmit", "--experimentalDecorators", "--allowImportingTsExtensions"];
  const { stdout } = spawnSync(
    process.execPath,
    [compiler, ...options, "--module", "nodenext", "--types", "node", `${folder}legacy/decorated.ts`],
    { encoding: "utf8" },
  );
  expect(stdout).toMatch(/decorated\.ts.*\n.*\n.*\n.*'"load"' is not .*switch `experimentalDecorators` off/);
}, 120_000);

// The compiler checks the files of this folder: each `expectTypeOf` must hold, and each line after a
// `@ts-expect-error` must be refused.
test("the public types infer values, discriminate outcomes and refuse wrong calls (rule 38)", () => {
  const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", folder, "--pretty", "false"], {
    encoding: "utf8",
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
}, 120_000);

test("the programs of the README and of the concepts compile in strict mode as they stand there", () => {
  const root = new URL("../../../../", import.meta.url);
  const programs = mkdtempSync(fileURLToPath(new URL(".programs-", import.meta.url)));
  try {
    let count = 0;
    const concepts = readdirSync(new URL("docs/concepts/", root)).map((name) => `docs/concepts/${name}`);
    for (const page of ["README.md", ...concepts]) {
      const text = readFileSync(new URL(page, root), "utf8");
      for (const [, code] of text.matchAll(/(?<!<!-- not run: [^>]+ -->\s*)```ts\n([\s\S]*?)```/g))
        writeFileSync(`${programs}/${count++}.ts`, `${code}\nexport {};\n`);
    }
    expect(count).toBeGreaterThan(20);
    writeFileSync(
      `${programs}/tsconfig.json`,
      JSON.stringify({
        extends: "../tsconfig.json",
        compilerOptions: { strict: true, useUnknownInCatchVariables: true, noUncheckedIndexedAccess: false },
        include: [],
        files: Array.from({ length: count }, (_, index) => `${index}.ts`),
      }),
    );
    const { stdout } = spawnSync(process.execPath, [compiler, "-p", programs, "--pretty", "false"], {
      encoding: "utf8",
    });
    expect(stdout).toBe("");
  } finally {
    rmSync(programs, { recursive: true });
  }
}, 120_000);
