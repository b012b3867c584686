// The page of the promised behaviours and their tests. Its test names come from the record of the last run of the whole
// suite. Without a record the page has the behaviours only, and says so.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readLists } from "../../tools/conformance-lists.mjs";
import { record } from "../../tools/conformance-reporter.mjs";
import { rewriteLinks, root } from "./links.mjs";

const cell = (/** @type {string} */ text) =>
  text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("<", "&lt;");

export function writeConformance() {
  const file = "docs/.generated/conformance.md";
  if (existsSync(root + record)) {
    const { status } = spawnSync(process.execPath, [`${root}tools/conformance-page.mjs`], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0) throw new Error("tools/conformance-page.mjs failed");
    const text = readFileSync(root + file, "utf8");
    return rewriteLinks(text.replace(/^(?=## )/m, "<TableFilter />\n\n"), file, "about/conformance.md");
  }
  const { lists } = readLists();
  return [
    "# Conformance",
    "This page was built without the record of a test run, so it lists the promised behaviours without their tests. " +
      "`npm test` writes the record.",
    "<TableFilter />",
    ...lists.flatMap(({ heading, intro, items }) => [
      `## ${heading}`,
      intro,
      [
        "| id | behaviour |",
        "| --- | --- |",
        ...items.map(({ id, behaviour }) => `| ${id} | ${cell(behaviour)} |`),
      ].join("\n"),
    ]),
  ].join("\n\n");
}
