import { spawnSync } from "node:child_process";
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
