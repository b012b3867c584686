import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
/** The folders whose files are parts of one program, or are described elsewhere. */
const elsewhere = ["adapters", "react", "trace", "node_modules"];
/** The modules that other examples load. */
const parts = ["threads/primes.mjs"];

/** The paths of all examples: the programs of a folder, or the main file of a program with a folder of its own. */
const examples = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !elsewhere.includes(entry.name))
  .flatMap(({ name }) =>
    name === "programs"
      ? readdirSync(`${folder}programs`, { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((program) => `programs/${program.name}/main.mjs`)
      : readdirSync(`${folder}${name}`)
          .filter((file) => file.endsWith(".mjs"))
          .map((file) => `${name}/${file}`),
  )
  .filter((path) => !parts.includes(path))
  .sort();

/** The sentences of the first comment of an example. */
function summary(path: string): string {
  const [check, ...lines] = readFileSync(`${folder}${path}`, "utf8").split("\n");
  expect(check, path).toBe("// @ts-check");
  const comment = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith("// ")),
  );
  return comment.map((line) => line.slice(3)).join(" ");
}

it("every example has a row in docs/examples.md, with its first comment", () => {
  const page = readFileSync(`${folder}../docs/examples.md`, "utf8");
  const rows = [...page.matchAll(/^\| \[[^\]]+\]\(\.\.\/examples\/([^)]+\.mjs)\) +\| (.*?) +\|$/gm)];
  const found = rows.map(([, path, text]) => `${path}: ${text}`).sort();
  expect(found).toEqual(examples.map((path) => `${path}: ${summary(path).replaceAll("|", "\\|")}`).sort());
});
