// Links of Markdown texts. A link to a file of the repository that is not a page leads to GitHub.
import { existsSync, statSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const repository = "https://github.com/hotherio/cancelable";

/**
 * Splits a text into the parts outside of code, which have an even index, and the code.
 *
 * @param {string} text
 */
const partsOf = (text) => text.split(/(^[ \t]*(?:```|~~~)[\s\S]*?^[ \t]*(?:```|~~~)[ \t]*$|`[^`\n]+`)/m);

/**
 * Rewrites the relative links of a Markdown text.
 *
 * @param {string} text
 * @param {string} file where the text is in the repository, for example "CHANGELOG.md"
 * @param {string} page where it will be below pages/
 */
export function rewriteLinks(text, file, page) {
  const replace = (/** @type {string} */ link) => {
    if (link === "" || /^(?:[a-z]+:|#|\/)/i.test(link)) return link;
    const [path, anchor] = /** @type {[string, string | undefined]} */ (link.split("#"));
    const target = posix.normalize(posix.join(posix.dirname(file), path));
    const suffix = anchor === undefined ? "" : `#${anchor}`;
    // A page that is missing stays a link, so that the build finds it.
    if (target.startsWith("docs/")) {
      const to = posix.relative(posix.dirname(page), target.slice("docs/".length));
      return (to.startsWith(".") ? to : `./${to}`) + suffix;
    }
    const place = target.replace(/\/$/, "");
    if (!existsSync(root + place)) throw new Error(`${file} links to ${link}, which does not exist`);
    return `${repository}/${statSync(root + place).isDirectory() ? "tree" : "blob"}/main/${place}${suffix}`;
  };
  return partsOf(text)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part
            .replace(/(\]\()([^()\s]+)(\))/g, (_, open, link, close) => open + replace(link) + close)
            .replace(/^(\[[^\]\n]+\]: )(\S+)/gm, (_, open, link) => open + replace(link)),
    )
    .join("");
}

/** The address of a file of the repository, for its editor. */
export const editLinkOf = (/** @type {string} */ file) => `${repository}/edit/main/${file}`;
