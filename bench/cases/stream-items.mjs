/** @import { Case } from "../types.mjs" */

const items = 10_000;
const expected = (items * (items - 1)) / 2;

async function* numbers() {
  for (let i = 0; i < items; i += 1) yield i;
}

/** @param {AsyncIterable<number>} from */
async function sum(from) {
  let total = 0;
  for await (const item of from) total += item;
  return total;
}

/**
 * @param {number} n
 * @param {() => AsyncIterable<number>} open
 */
async function sums(n, open) {
  for (let i = 0; i < n; i += 1) {
    const found = await sum(open());
    if (found !== expected) throw new Error(`expected a sum of ${expected}, got ${found}`);
  }
}

/** @type {Case} */
export default {
  name: "stream-items",
  about: "Reads the 10,000 items of an async generator and adds them up.",
  per: "item",
  scale: items,
  baseline: "for await alone",
  subjects: {
    cancellableStream: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, cancellableStream }) => run(() => sums(n, () => cancellableStream(numbers()))),
    },
    "for await alone": {
      note: "Cannot be cancelled while the source is silent. There is no scope for the source and no operation.",
      run: (n) => sums(n, numbers),
    },
    "Effect.Stream": {
      from: "effect",
      note: "Takes items in chunks where possible.",
      setup: (lib) => lib,
      run: async (n, { Effect, Stream }) => {
        for (let i = 0; i < n; i += 1) {
          const stream = Stream.fromAsyncIterable(numbers(), (error) => error);
          const found = await Effect.runPromise(
            Stream.runFold(
              stream,
              () => 0,
              (total, item) => total + item,
            ),
          );
          if (found !== expected) throw new Error(`expected a sum of ${expected}, got ${found}`);
        }
      },
    },
  },
  targets: [{ subject: "cancellableStream", against: "for await alone", atMostNs: 100_000 }],
  covers: ["PAR-PRF-04"],
};
