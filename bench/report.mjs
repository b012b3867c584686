/**
 * Makes the pages from results.json:
 *
 *     node report.mjs
 *
 * The summary goes beside this file and into the repository, and so does a table in docs/about/cost.md. The report and its
 * charts go to docs/.generated/, which Git ignores.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadCases } from "./cases.mjs";
import { growthChart, peersChart } from "./chart.mjs";
import { costPage } from "./cost.mjs";
import { report, summary } from "./pages.mjs";
import { readResults } from "./results.mjs";

const folder = fileURLToPath(new URL("../docs/.generated/", import.meta.url));
const cases = (await loadCases()).map(({ benchmark }) => benchmark);
const results = readResults();
const cost = fileURLToPath(new URL("../docs/about/cost.md", import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [file, text] of [
  [fileURLToPath(new URL("SUMMARY.md", import.meta.url)), summary(cases, results)],
  [cost, costPage(readFileSync(cost, "utf8"), cases, results)],
  [`${folder}benchmark.md`, report(cases, results)],
  [`${folder}benchmark-peers.svg`, peersChart(cases, results.rows)],
  [`${folder}benchmark-growth.svg`, growthChart(cases, results.rows)],
]) {
  writeFileSync(/** @type {string} */ (file), /** @type {string} */ (text));
  console.log(`written: ${file}`);
}
