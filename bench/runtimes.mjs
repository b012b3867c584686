/** Finds the installed versions of Node: the one that runs this file, and those of tools/runtimes. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @typedef {{ name: string, command: string }} Runtime */

/** @param {string} name as in `node 24.11.0` */
export function major(name) {
  return Number(/^node (\d+)/.exec(name)?.[1]);
}

/**
 * The names of the runtimes that the rows are from, in ascending order.
 *
 * @param {readonly { runtime: string }[]} rows
 */
export function runtimesOf(rows) {
  return [...new Set(rows.map(({ runtime }) => runtime))].sort((a, b) => major(a) - major(b));
}

/**
 * One runtime per major version, in ascending order.
 *
 * @param {string[] | undefined} majors the versions to use. Default: all, with `quick` only the one that runs this file
 * @param {boolean} quick
 * @returns {Runtime[]}
 */
export function findRuntimes(majors, quick) {
  const found = [{ name: `node ${process.versions.node}`, command: process.execPath }];
  const folder = fileURLToPath(new URL("../tools/runtimes/node_modules", import.meta.url));
  for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
    const command = `${folder}/${name}/bin/node`;
    if (!/^node\d+$/.test(name) || !existsSync(command)) continue;
    const version = execFileSync(command, ["-p", "process.versions.node"], { encoding: "utf8" }).trim();
    found.push({ name: `node ${version}`, command });
  }
  const distinct = found.filter(
    (one, i) => found.findIndex((other) => major(other.name) === major(one.name)) === i,
  );
  for (const wanted of majors ?? []) {
    if (!distinct.some((one) => String(major(one.name)) === wanted)) {
      throw new RangeError(
        `--runtime ${wanted}: expected one of ${distinct.map((one) => major(one.name)).join(", ")}`,
      );
    }
  }
  if (majors !== undefined) return distinct.filter((one) => majors.includes(String(major(one.name))));
  return quick ? distinct.slice(0, 1) : distinct.sort((a, b) => major(a.name) - major(b.name));
}
