// @ts-check
// Work on a long source: a few calls at a time, results while the others run, and nothing read ahead.
import { opendir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { mapStream } from "@hother/cancelable";

const folder = fileURLToPath(new URL(".", import.meta.url));
let [listed, running, most] = [0, 0, 0];

/** The names of the examples, one after the other. */
async function* examples() {
  try {
    for await (const { name } of await opendir(folder)) {
      if (!/^\d\d-.*\.mjs$/.test(name)) continue;
      listed++;
      yield name;
    }
  } finally {
    console.log("the folder is closed");
  }
}

/** @param {string} name */
async function read(name) {
  most = Math.max(most, ++running);
  const text = await readFile(`${folder}/${name}`, "utf8");
  running--;
  return { name, hasQueue: /new Queue\(/.test(text) };
}

// 1. To the end: three files at a time, results as they come.
const found = [];
for await (const { name, hasQueue } of mapStream(examples(), read, { concurrency: 3, ordered: false }))
  if (hasQueue) found.push(name);
console.log(`${listed} files, at most ${most} at a time: ${found.sort().join(" and ")} have a queue`);

// 2. Leaving the loop cancels the calls, closes the source, and waits for both.
listed = 0;
for await (const _file of mapStream(examples(), read, { concurrency: 2 })) break;
console.log("read ahead by at most 2:", listed <= 3, "- running:", running);

// prints:
// the folder is closed
// 22 files, at most 3 at a time: 08-bounded-concurrency.mjs and 19-select.mjs have a queue
// the folder is closed
// read ahead by at most 2: true - running: 0
