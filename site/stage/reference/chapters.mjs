// The chapters of the core entry: the comments of packages/cancelable/src/index.ts, with the names below each of them.
import { readFileSync } from "node:fs";

/**
 * @typedef {object} Chapter
 * @property {string} title
 * @property {string} folder of its pages, below reference/
 * @property {Array<{ name: string, page: string }>} names the page is below reference/, without extension
 */

/** @returns {Chapter[]} */
export function readChapters() {
  const source = readFileSync(new URL("../../../packages/cancelable/src/index.ts", import.meta.url), "utf8");
  const parts = source.split(/^\/\/ -{4} (.+?) -+$/m).slice(1);
  const all = new Set(namesOf(source).map((name) => name.toLowerCase()));
  const twins = namesOf(source).filter((name) => !all.delete(name.toLowerCase()));
  /** @type {Chapter[]} */
  const chapters = [];
  for (let i = 0; i < parts.length; i += 2) {
    const title = /** @type {string} */ (parts[i]).replace(/^./, (first) => first.toUpperCase());
    const folder = `core/${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
    const names = namesOf(/** @type {string} */ (parts[i + 1])).map((name) => {
      // Some systems do not distinguish Cancellable.md from cancellable.md.
      const twin = twins.some((other) => other.toLowerCase() === name.toLowerCase());
      return { name, page: `${folder}/${name}${twin && /^[a-z]/.test(name) ? "-function" : ""}` };
    });
    chapters.push({ title, folder, names });
  }
  return chapters;
}

/** The names that a source text exports with braces. */
const namesOf = (/** @type {string} */ source) =>
  [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
    .flatMap(([, list = ""]) => list.split(","))
    .map((part) =>
      part
        .trim()
        .replace(/^type /, "")
        .replace(/^.* as /, ""),
    )
    .filter((name) => name !== "");
