/** @import { Case } from "../types.mjs" */

/** So short that the reader is late for every tick. */
const period = 1e-9;

/** @type {Case} */
export default {
  name: "interval",
  about:
    "Ticks of an interval whose reader is always late, so that no tick waits: the price of one tick without the price of a timer. The loops of sleeps have a sleep of 0 ms instead, which waits for a turn of the event loop.",
  per: "tick",
  baseline: "loop of sleeps",
  subjects: {
    interval: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, interval }) =>
        run(async () => {
          let left = n;
          for await (const _tick of interval(period, { missed: "burst" })) if (--left === 0) break;
        }),
    },
    "loop of sleeps": {
      from: "@hother/cancelable",
      note: "Drifts: every sleep begins when the work before has ended.",
      setup: (lib) => lib,
      run: (n, { run, sleep }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) await sleep(0);
        }),
    },
  },
};
