import { moveOnAfterByHand } from "../by-hand.mjs";

/** @import { Case } from "../types.mjs" */

const ms = 60_000;
const body = async () => 1;

/** @type {Case} */
export default {
  name: "operation-with-timeout",
  about:
    "A whole unregistered operation with a timeout around an async function that returns at once, beside a hand-written timeout.",
  per: "use",
  baseline: "hand-written",
  subjects: {
    "Cancellable.withTimeout": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, Cancellable }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) await Cancellable.withTimeout(ms).run(body);
        }),
    },
    "hand-written": {
      note: "No scope: children are not awaited, there is no shield, an expired deadline is not detected between timers, and every call must pass the signal.",
      run: async (n) => {
        const parent = new AbortController().signal;
        for (let i = 0; i < n; i += 1) await moveOnAfterByHand(ms, parent, body);
      },
    },
  },
  targets: [
    { subject: "Cancellable.withTimeout", against: "hand-written", atMost: 0.4, runtime: 20 },
    { subject: "Cancellable.withTimeout", against: "hand-written", atMost: 1.2, runtime: 24 },
    { subject: "Cancellable.withTimeout", against: "hand-written", atMostNs: 500_000 },
  ],
  covers: ["PAR-PRF-01"],
};
