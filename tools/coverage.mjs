// Says what `npm run test:coverage` does not count of the core, and why: reads the comments `v8 ignore` in its sources
// and what vitest.config.ts excludes, and writes docs/coverage.md. With --check it writes nothing, and fails when a
// reason is missing or docs/coverage.md is out of date.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = "docs/coverage.md";
const read = (file) => readFileSync(`${root}${file}`, "utf8");
const problems = [];

/** The files that are excluded, with the comment before that. */
function excluded() {
  const [, reason, list] = /\/\/ ([^\n]+)\n\s*exclude: \[([^\]]*)\]/.exec(read("vitest.config.ts")) ?? [];
  if (reason === undefined) problems.push("vitest.config.ts: `exclude` has no comment before it");
  return [...(list ?? "").matchAll(/"([^"]+)"/g)].map(([, glob]) => `| \`${glob}\` | ${reason} |`);
}

/** The comments of a source, each with what stands in the line after it. */
function ignored(name) {
  const lines = read(sources + name).split("\n");
  return lines.flatMap((line, index) => {
    if (!line.includes("v8 ignore")) return [];
    const [, kind, reason] = /\/\* v8 ignore (if|else|next) -- @preserve (.+) \*\//.exec(line) ?? [];
    if (reason === undefined)
      problems.push(`${name}:${index + 1}: no reason that tools/coverage.mjs can read`);
    const code = (lines[index + 1] ?? "").trim().replaceAll("|", "\\|");
    return [`| \`${name}\` | \`${code}\` | ${kind} | ${reason} |`];
  });
}

const sources = "packages/cancelable/src/";
const files = readdirSync(root + sources, { recursive: true }).filter((name) => name.endsWith(".ts"));
const text = `# Coverage

Every branch, function and statement of \`${sources}\` is reached by a test: \`npm run test:coverage\` runs the tests
of the core and of the backends on the Node of development, and fails below 100 %. Of the following it takes no
account. The list is made by \`node tools/coverage.mjs\` from the sources.

## Files

| files | reason |
| --- | --- |
${excluded().join("\n")}

## Places

\`if\`: the branch that is taken when it holds; \`next\`: all of what follows.

| file | before | what | reason |
| --- | --- | --- | --- |
${files.sort().flatMap(ignored).join("\n")}
`;
const stale = process.argv.includes("--check") && read(target) !== text;
if (stale) problems.push(`${target} is out of date: node tools/coverage.mjs`);
if (!process.argv.includes("--check")) writeFileSync(`${root}${target}`, text);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
