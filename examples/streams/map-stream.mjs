// @ts-check
// Work on a long source: a few calls at a time, results while the others run, and nothing read ahead.
import { mapStream, sleep } from "@hother/cancelable";

export async function main() {
  let [listed, running, most] = [0, 0, 0];

  /** The names of the pages, one after the other. */
  async function* pages() {
    try {
      for (let page = 1; page <= 9; page++) {
        listed++;
        yield `page ${page}`;
      }
    } finally {
      console.log("the source is closed");
    }
  }

  /** Stands for a download. @param {string} page */
  async function load(page) {
    most = Math.max(most, ++running);
    try {
      await sleep(1);
      return { page, isLong: /[258]$/.test(page) };
    } finally {
      running--;
    }
  }

  // 1. To the end: three pages at a time, results as they come.
  const found = [];
  for await (const { page, isLong } of mapStream(pages(), load, { concurrency: 3, ordered: false }))
    if (isLong) found.push(page);
  console.log(`${listed} pages, at most ${most} at a time: ${found.sort().join(" and ")} are long`);

  // 2. Leaving the loop cancels the calls, closes the source, and waits for both.
  listed = 0;
  for await (const _page of mapStream(pages(), load, { concurrency: 2 })) break;
  console.log("read ahead by at most 2:", listed <= 3, "- running:", running);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// the source is closed
// 9 pages, at most 3 at a time: page 2 and page 5 and page 8 are long
// the source is closed
// read ahead by at most 2: true - running: 0
