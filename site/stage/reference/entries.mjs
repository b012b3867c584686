// The published entries of all packages: the name that a program imports, the source file, and the page.
import { existsSync, readFileSync } from "node:fs";

const root = new URL("../../../", import.meta.url);
/** In the order of the reference. */
const packages = ["cancelable", "integrations", "backends", "terminal", "migrate", "migrate-asyncio"];

/**
 * @typedef {object} Entry
 * @property {string} name for example "@hother/cancelable/sync"
 * @property {string} source the file in the repository
 * @property {string} page the page below reference/, without extension
 */

/** @returns {Entry[]} */
export function readEntries() {
  return packages.flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(new URL(`packages/${folder}/package.json`, root), "utf8"));
    return Object.keys(manifest.exports)
      .filter((key) => !key.endsWith(".json"))
      .map((key) => {
        const path = key.replace(/^\.\/?/, "");
        const source = `packages/${folder}/src/${path === "" ? "" : `${path}/`}index.ts`;
        if (!existsSync(new URL(source, root)))
          throw new Error(`${manifest.name}: the entry ${key} has no ${source}`);
        const core = folder === "cancelable";
        const page = core ? path || "core" : path ? `${folder}/${path}` : folder;
        return { name: manifest.name + key.slice(1), source, page };
      });
  });
}

/** The entry whose names have pages of their own. */
export const core = "@hother/cancelable";

/** Whether an entry is a part of the package of integrations. */
export const isIntegration = (/** @type {{ page: string }} */ { page }) => page.startsWith("integrations/");
