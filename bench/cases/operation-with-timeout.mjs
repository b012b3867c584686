import { moveOnAfterByHand } from "../by-hand.mjs";

/** @import { Case } from "../types.mjs" */

const ms = 60_000;
const body = async () => 1;

/** @type {Case} */
export default {
  name: "operation-with-timeout",
  about:
    "A whole operation with a timeout, not registered, around an async function that returns at once, beside the bare timeout by hand.",
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
      note: "No scope: what the body starts is not waited for, no shield, no look at the clock between timers, and the signal has to be handed through every call.",
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
