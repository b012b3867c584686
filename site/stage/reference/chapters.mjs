// The chapters of the core entry: the comments of packages/cancelable/src/index.ts, with the names below each of them.
import { readFileSync } from "node:fs";

/**
 * @typedef {object} Chapter
 * @property {string} title
 * @property {Array<{ name: string, page: string }>} names
 */

/** @returns {Chapter[]} */
export function readChapters() {
  const source = readFileSync(new URL("../../../packages/cancelable/src/index.ts", import.meta.url), "utf8");
  const parts = source.split(/^\/\/ -{4} (.+?) -+$/m).slice(1);
  /** @type {Chapter[]} */
  const chapters = [];
  const all = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) => namesOf(list));
  for (let i = 0; i < parts.length; i += 2) {
    const title = /** @type {string} */ (parts[i]).replace(/^./, (first) => first.toUpperCase());
    const names = [
      .../** @type {string} */ (parts[i + 1]).matchAll(/^export (?:type )?\{([^}]*)\}/gm),
    ].flatMap(([, list]) => namesOf(list));
    chapters.push({ title, names: names.map((name) => ({ name, page: `core/${pageOf(name, all)}` })) });
  }
  return chapters;
}

/** The names in the braces of an export. */
const namesOf = (/** @type {string | undefined} */ list = "") =>
  list
    .split(",")
    .map((part) =>
      part
        .trim()
        .replace(/^type /, "")
        .replace(/^.* as /, ""),
    )
    .filter((name) => name !== "");

/**
 * The file of a name. Some systems do not distinguish Cancellable.md from cancellable.md.
 *
 * @param {string} name
 * @param {string[]} all
 */
export function pageOf(name, all) {
  const twin = all.some((other) => other !== name && other.toLowerCase() === name.toLowerCase());
  return twin && /^[a-z]/.test(name) ? `${name}-function` : name;
}
