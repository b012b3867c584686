// @ts-check
// The progress on the disk: how many bytes of the input are done, and how long the output was then.
import { readFile, rename, writeFile } from "node:fs/promises";
import { shield } from "@hother/cancelable";

/** @typedef {{ records: number, inputBytes: number, outputBytes: number }} Progress */

/** The progress of the run before. @param {string} file @returns {Promise<Progress>} */
export async function loadProgress(file) {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
    return { records: 0, inputBytes: 0, outputBytes: 0 };
  }
}

/** Replaces the progress in one step, also in a cancelled scope. @param {string} file @param {Progress} progress */
export function saveProgress(file, progress) {
  return shield(
    async () => {
      await writeFile(`${file}.new`, JSON.stringify(progress));
      await rename(`${file}.new`, file);
    },
    { timeout: { seconds: 10 } },
  );
}
