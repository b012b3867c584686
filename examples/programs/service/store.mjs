// @ts-check
// Notes in files: a lock for each note, and writes that are complete or not there, also if their caller is cancelled.
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { currentSignal, Lock, map, shield } from "@hother/cancelable";
import { Keyed } from "@hother/cancelable/sync";

export class NoteStore {
  /** @type {Keyed<string, Lock>} */
  #locks = new Keyed(() => new Lock());
  #folder;

  /** @param {string} folder */
  constructor(folder) {
    this.#folder = folder;
  }

  /** Removes what a crash has left. */
  async open() {
    await mkdir(this.#folder, { recursive: true });
    for (const name of await readdir(this.#folder)) if (name.endsWith(".new")) await rm(this.#path(name));
  }

  async names() {
    return (await readdir(this.#folder)).filter((name) => !name.endsWith(".new")).sort();
  }

  /** The text of a note. Undefined without one. @param {string} name */
  async get(name) {
    try {
      return await readFile(this.#path(name), { encoding: "utf8", signal: currentSignal() });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Adds a line. Waits for its turn as long as its caller does. @param {string} name @param {string} line */
  append(name, line) {
    return this.#locks.run(name, async () => {
      const text = `${(await this.get(name)) ?? ""}${line}\n`;
      // From here on it is written to the end: half a note is worse than a late answer.
      await shield(() => this.#replace(name, text), { timeout: { seconds: 10 } });
    });
  }

  /** The names of the notes that contain a text, four files at a time. @param {string} text */
  async search(text) {
    const names = await this.names();
    const found = await map(names, async (name) => (await this.get(name))?.includes(text), {
      concurrency: 4,
    });
    return names.filter((_, index) => found[index]);
  }

  /** @param {string} name @param {string} text */
  async #replace(name, text) {
    const file = await open(this.#path(`${name}.new`), "w");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(this.#path(`${name}.new`), this.#path(name));
  }

  /** @param {string} name */
  #path(name) {
    return join(this.#folder, name);
  }
}
