// Writes docs/.generated/conformance.md: which test or benchmark case covers which behaviour of the lists. The record
// that the last run of the whole suite has left says which tests passed.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { readLists, root } from "./conformance-lists.mjs";
import { record } from "./conformance-reporter.mjs";

const target = "docs/.generated/conformance.md";

/** @import { Item, List } from "./conformance-lists.mjs" */

if (!existsSync(`${root}${record}`)) {
  console.error(`${record} is missing. Run the whole suite first: npm test`);
  process.exit(1);
}

/** @type {Record<string, Array<{ file: string, title: string }>>} */
const covered = JSON.parse(readFileSync(`${root}${record}`, "utf8"));
const cell = (/** @type {string} */ text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function where(/** @type {Item} */ { id, absent }) {
  const tests = covered[id] ?? [];
  if (tests.length === 0) return absent === undefined ? "**not covered**" : `*absent: ${cell(absent)}*`;
  return tests
    .map(({ file, title }) => {
      const name = basename(file).replace(/\.(test\.ts|mjs)$/, "");
      return `[${name}](../../${file}): ${cell(title)}`;
    })
    .join("<br>");
}

function section(/** @type {List} */ { items, marked, heading, intro }) {
  const tested = items.filter(({ id }) => covered[id]?.length).length;
  const absent = items.filter((item) => item.absent !== undefined).length;
  const columns = marked ? ["id", "behaviour", "form", "test"] : ["id", "behaviour", "test"];
  const rows = items.map((item) => [
    item.id,
    cell(item.behaviour),
    ...(marked ? [item.mark] : []),
    where(item),
  ]);
  return [
    `## ${heading}`,
    intro,
    `${items.length} behaviours: ${tested} covered, ${absent} absent with a reason.`,
    [columns, columns.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n"),
  ].join("\n\n");
}

const { lists } = readLists();
const text = [
  "# Conformance",
  "Which test or benchmark case covers which behaviour. `npm run conformance` writes this page from the lists in\n" +
    "`packages/cancelable/test/conformance` and from the last run of the whole suite.",
  ...lists.map(section),
].join("\n\n");
writeFileSync(`${root}${target}`, `${text}\n`);
console.log(`Wrote ${target}`);
