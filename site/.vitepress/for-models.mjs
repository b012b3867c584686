// Writes what programs read instead of HTML: llms.txt with a line for each page, llms-full.txt with the text of the
// guide, and the Markdown of each page beside its HTML.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { navigation } from "../navigation.mjs";

const address = "https://hotherio.github.io/cancelable/";
const withoutFront = (/** @type {string} */ text) => text.replace(/^---\n[\s\S]*?\n---\n+/, "");

/**
 * @param {string} staged the folder of the Markdown pages
 * @param {string} out the folder of the built site
 */
export function writeForModels(staged, out) {
  for (const name of readdirSync(staged, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".md")) continue;
    mkdirSync(dirname(`${out}/${name}`), { recursive: true });
    cpSync(staged + name, `${out}/${name}`);
  }
  const present = navigation.map(({ title, pages }) => ({
    title,
    pages: pages.filter(({ path }) => existsSync(`${staged}${path}.md`)),
  }));
  const intro =
    "# @hother/cancelable\n\n> Cancellation and structured concurrency for plain async/await: stop async work, know that it has stopped, and know why.\n";
  const sections = present.map(({ title, pages }) =>
    [
      `## ${title}`,
      "",
      ...pages.map(({ title: text, path, line }) => `- [${text}](${address}${path}.md): ${line}`),
      "",
    ].join("\n"),
  );
  writeFileSync(`${out}/llms.txt`, [intro, ...sections].join("\n"));
  const guide = present.flatMap(({ pages }) => pages).filter(({ generated }) => !generated);
  const texts = guide.map(
    ({ path }) =>
      `<!-- ${address}${path}.md -->\n\n${withoutFront(readFileSync(`${staged}${path}.md`, "utf8")).trim()}\n`,
  );
  writeFileSync(`${out}/llms-full.txt`, [intro, ...texts].join("\n"));
}
