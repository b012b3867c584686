// The sidebar of the reference: the chapters of the core entry, and the other entries.
import { existsSync } from "node:fs";
import { readChapters } from "./chapters.mjs";
import { core, readEntries } from "./entries.mjs";

/** @param {string} staged the folder of the Markdown pages */
export function referenceSidebar(staged) {
  const exists = (/** @type {string} */ page) => existsSync(`${staged}reference/${page}.md`);
  const chapters = readChapters().map(({ title, names }) => ({
    text: title,
    collapsed: true,
    items: names
      .filter(({ page }) => exists(page))
      .map(({ name, page }) => ({ text: name, link: `/reference/${page}` })),
  }));
  const others = readEntries().filter(({ name, page }) => name !== core && exists(page));
  const group = (/** @type {string} */ text, /** @type {(name: string) => boolean} */ belongs) => ({
    text,
    collapsed: true,
    items: others
      .filter(({ name }) => belongs(name))
      .map(({ name, page }) => ({ text: name.replace("@hother/", ""), link: `/reference/${page}` })),
  });
  return [
    {
      text: "API reference",
      link: "/reference/",
      items: [{ text: "All names of the core", link: "/reference/core/" }],
    },
    ...chapters,
    group("Other entries of the core", (name) => name.startsWith(`${core}/`)),
    group("Integrations", (name) => name.startsWith("@hother/cancelable-integrations/")),
    group("Other packages", (name) => /cancelable-(?!integrations)/.test(name)),
  ];
}
