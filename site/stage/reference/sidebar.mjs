// The sidebars of the reference. Each chapter of the core has one, in which its names are listed: one list of all names
// would be larger than most pages.
import { existsSync } from "node:fs";
import { readChapters } from "./chapters.mjs";
import { core, isIntegration, readEntries } from "./entries.mjs";

/** @param {string} staged the folder of the Markdown pages */
export function referenceSidebars(staged) {
  const chapters = readChapters();
  const others = readEntries().filter(({ name }) => name !== core);
  const linkOf = (/** @type {{ name: string, page: string }} */ { name, page }) => ({
    text: name.replace("@hother/", ""),
    link: `/reference/${page}`,
  });
  // A name that stands for another name has no page.
  const hasPage = (/** @type {{ page: string }} */ { page }) => existsSync(`${staged}reference/${page}.md`);
  /** @param {string} open the folder whose names are listed */
  const sidebar = (open) => [
    { text: "API reference", link: "/reference/" },
    {
      text: core,
      items: chapters.map(({ title, folder, names }) => ({
        text: title,
        link: `/reference/${folder}/`,
        ...(folder === open && { items: names.filter(hasPage).map(linkOf) }),
      })),
    },
    { text: "Other entries", items: others.filter((entry) => !isIntegration(entry)).map(linkOf) },
    {
      text: "Integrations",
      link: "/reference/#integrations",
      ...(open === "integrations" && { items: others.filter(isIntegration).map(linkOf) }),
    },
  ];
  const folders = ["integrations", ...chapters.map(({ folder }) => folder)];
  return {
    ...Object.fromEntries(folders.map((folder) => [`/reference/${folder}/`, sidebar(folder)])),
    "/reference/": sidebar(""),
  };
}
