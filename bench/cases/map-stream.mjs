/** @import { Case } from "../types.mjs" */

const items = 1_000;
const concurrency = 10;
const expected = (items * (items - 1)) / 2;

async function* numbers() {
  for (let i = 0; i < items; i += 1) yield i;
}

/** @param {number} n */
const call = async (n) => {
  await undefined;
  return n;
};

/**
 * Reads `n` streams and checks their sums.
 *
 * @param {number} n
 * @param {() => AsyncIterable<number>} open
 */
async function sums(n, open) {
  for (let i = 0; i < n; i += 1) {
    let total = 0;
    for await (const item of open()) total += item;
    if (total !== expected) throw new Error(`expected a sum of ${expected}, got ${total}`);
  }
}

/** @type {Case} */
export default {
  name: "map-stream",
  about:
    "Calls an async function with one `await` for each of the 1,000 items of an async generator, ten at a time, and reads the results in order while the calls run. `map` and `p-map` give them as an array.",
  per: "item",
  scale: items,
  baseline: "one after another",
  subjects: {
    mapStream: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, mapStream }) => run(() => sums(n, () => mapStream(numbers(), call, { concurrency }))),
    },
    map: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, map }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) await map(numbers(), call, { concurrency });
        }),
    },
    "one after another": {
      note: "No concurrency, and no scope.",
      run: (n) =>
        sums(n, async function* () {
          for await (const item of numbers()) yield await call(item);
        }),
    },
    pMapIterable: {
      from: "p-map",
      note: "Leaving the loop neither stops the calls nor waits for them.",
      setup: (lib) => lib,
      run: (n, { pMapIterable }) => sums(n, () => pMapIterable(numbers(), call, { concurrency })),
    },
    "p-map": {
      from: "p-map",
      note: "After a failure the running calls go on.",
      setup: ({ default: pMap }) => pMap,
      run: async (n, pMap) => {
        for (let i = 0; i < n; i += 1) await pMap(numbers(), call, { concurrency });
      },
    },
    "it-parallel": {
      from: "it-parallel",
      note: "Takes functions. After a failure the running calls go on.",
      setup: ({ default: parallel }) => parallel,
      run: (n, parallel) => sums(n, () => parallel(calls(), { concurrency, ordered: true })),
    },
  },
};

async function* calls() {
  for await (const item of numbers()) yield () => call(item);
}
