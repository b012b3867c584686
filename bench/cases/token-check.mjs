/** @import { Case } from "../types.mjs" */

// Looking at a different object each time keeps the look inside the loop: with one object the
// compiler may move it out, and the loop would measure nothing.
const spread = 64;
const indices = Array.from({ length: spread });

/**
 * Makes the loop's result count, so that the loop stays.
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
    "Looks at a live token in a loop, going round 64 of them so that nothing can be moved out of the loop. The difference to the empty loop is the price.",
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
      note: "Looks at nothing: what the loop itself costs.",
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
