/** @import { Case } from "../types.mjs" */

// Checking another object in each iteration keeps the check inside the loop. With one object the compiler may move the
// check out of the loop, and the loop would measure nothing.
const spread = 64;
const indices = Array.from({ length: spread });

/**
 * Uses the result of the loop, so that the compiler keeps the loop.
 *
 * @param {number} sum
 */
function keep(sum) {
  if (sum === 0.5) throw new Error("unreachable");
}

/** @type {Case} */
export default {
  name: "token-check",
  about:
    "Checks 64 tokens that are not cancelled in turn, so that the compiler cannot move the check out of the loop. The price of a check is the difference to the empty loop.",
  per: "check",
  baseline: "empty loop",
  subjects: {
    "token.check": {
      from: "@hother/cancelable",
      ours: true,
      setup: ({ CancellationToken }) => indices.map(() => new CancellationToken()),
      run: (n, tokens) => {
        let sum = 0;
        for (let i = 0; i < n; i += 1) {
          tokens[i & (spread - 1)].check();
          sum = (sum + i) | 0;
        }
        keep(sum);
      },
    },
    "signal.throwIfAborted": {
      setup: () => indices.map(() => new AbortController().signal),
      run: (n, signals) => {
        let sum = 0;
        for (let i = 0; i < n; i += 1) {
          signals[i & (spread - 1)].throwIfAborted();
          sum = (sum + i) | 0;
        }
        keep(sum);
      },
    },
    "empty loop": {
      note: "Only the loop.",
      run: (n) => {
        let sum = 0;
        for (let i = 0; i < n; i += 1) sum = (sum + i) | 0;
        keep(sum);
      },
    },
  },
  targets: [{ subject: "token.check", against: "empty loop", atMostNs: 5 }],
  covers: ["PAR-PRF-02"],
};
