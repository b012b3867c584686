// Writes the pages of the site into pages/: those of docs/, and those that are made from other sources. With --quick,
// the API reference of the last run is kept.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { splitBenchmarks } from "./stage/benchmarks.mjs";
import { writeConformance } from "./stage/conformance.mjs";
import { rewriteLinks, root } from "./stage/links.mjs";
import { writeReference } from "./stage/reference/reference.mjs";

/** The hero of the front page. */
const home = {
  layout: "home",
  title: "@hother/cancelable",
  titleTemplate: "Cancellation and structured concurrency for async/await",
  hero: {
    name: "@hother/cancelable",
    text: "Stop async work, know that it has stopped, and know why.",
    tagline: "Cancellation and structured concurrency for plain async/await. The core has no dependencies.",
    actions: [
      { theme: "brand", text: "Start", link: "/start" },
      { theme: "alt", text: "Which one do I need", link: "/which-one" },
      { theme: "alt", text: "Playground", link: "/playground" },
    ],
  },
};

const pages = fileURLToPath(new URL("pages/", import.meta.url));
const quick = process.argv.includes("--quick") && existsSync(`${pages}reference/index.md`);

const write = (/** @type {string} */ page, /** @type {string} */ text) => {
  mkdirSync(dirname(pages + page), { recursive: true });
  writeFileSync(pages + page, text);
};
const read = (/** @type {string} */ file) => readFileSync(root + file, "utf8");
const front = (/** @type {Record<string, unknown>} */ values) => {
  const lines = Object.entries(values).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return ["---", ...lines, "---", "", ""].join("\n");
};

mkdirSync(pages, { recursive: true });
for (const name of readdirSync(pages))
  if (!quick || name !== "reference") rmSync(pages + name, { recursive: true });

for (const name of readdirSync(`${root}docs`, { recursive: true, encoding: "utf8" })) {
  if (name.startsWith(".generated")) continue;
  if (name.endsWith(".md")) {
    const text = rewriteLinks(read(`docs/${name}`), `docs/${name}`, name);
    // The playground takes the whole width.
    write(name, (name === "playground.md" ? front({ aside: false }) : "") + text);
  } else if (/\.(?:svg|png|webp)$/.test(name)) {
    mkdirSync(dirname(pages + name), { recursive: true });
    cpSync(`${root}docs/${name}`, pages + name);
  }
}
write("index.md", front(home) + read("site/home.md"));
cpSync(new URL("public", import.meta.url), `${pages}public`, { recursive: true });
write("changelog.md", rewriteLinks(read("CHANGELOG.md"), "CHANGELOG.md", "changelog.md"));

// The report of the benchmark: charts and targets on one page, all figures on another.
const { status } = spawnSync(process.execPath, [`${root}bench/report.mjs`], {
  stdio: ["ignore", "ignore", "inherit"],
});
if (status !== 0) throw new Error("bench/report.mjs failed");
for (const [page, text] of splitBenchmarks(read("docs/.generated/benchmark.md"))) {
  const hasFigures = page === "about/benchmark-figures.md";
  write(page, (hasFigures ? front({ search: false, aside: false }) : "") + text);
}
for (const chart of ["benchmark-peers.svg", "benchmark-growth.svg"])
  cpSync(`${root}docs/.generated/${chart}`, `${pages}about/${chart}`);

write("about/conformance.md", front({ search: false }) + writeConformance());

if (!quick) await writeReference(`${pages}reference/`);
