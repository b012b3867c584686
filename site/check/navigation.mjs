// Each page of the navigation exists, and each page of docs/ is in the navigation.
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pages } from "../navigation.mjs";

const docs = fileURLToPath(new URL("../../docs/", import.meta.url));
const staged = fileURLToPath(new URL("../pages/", import.meta.url));

export function checkNavigation() {
  const faults = pages
    .filter(({ path, generated }) => !existsSync(`${generated ? staged : docs}${path}.md`))
    .map(({ path }) => `navigation: the page ${path} does not exist`);
  const known = new Set(pages.map(({ path }) => `${path}.md`));
  const unknown = readdirSync(docs, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && !name.startsWith(".generated") && !known.has(name))
    .map((name) => `navigation: docs/${name} is not in the navigation`);
  return [...faults, ...unknown];
}
