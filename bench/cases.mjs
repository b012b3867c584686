/** Finds the cases. */
import { readdirSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

/** @import { Case } from "./types.mjs" */

/** @typedef {{ file: string, benchmark: Case }} LoadedCase */

export async function loadCases() {
  const folder = fileURLToPath(new URL("cases/", import.meta.url));
  /** @type {LoadedCase[]} */
  const found = [];
  for (const entry of readdirSync(folder).sort()) {
    if (!entry.endsWith(".mjs")) continue;
    const file = `${folder}${entry}`;
    found.push({ file, benchmark: (await import(pathToFileURL(file).href)).default });
  }
  return found;
}

/**
 * @param {LoadedCase[]} all
 * @param {readonly string[] | undefined} names as given with `--case`. Default: all
 * @param {readonly string[]} [others] names that `--case` accepts although they are no cases
 */
export function chooseCases(all, names, others = []) {
  const known = [...all.map(({ benchmark }) => benchmark.name), ...others];
  for (const name of names ?? []) {
    if (!known.includes(name)) throw new RangeError(`--case ${name}: expected one of ${known.join(", ")}`);
  }
  return all.filter(({ benchmark }) => names === undefined || names.includes(benchmark.name));
}
