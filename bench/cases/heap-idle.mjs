/** @import { Case } from "../types.mjs" */

const operations = 10_000;

/** @type {Case} */
export default {
  name: "heap-idle",
  about: "The growth of the heap while 10,000 started operations wait.",
  per: "10,000 operations",
  kind: "heap",
  baseline: "Cancellable",
  subjects: {
    Cancellable: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (heap, { run, Cancellable, sleepForever }) =>
        run(async () => {
          const probe = /** @type {any} */ (heap);
          const start = () => {
            const running = Array.from({ length: operations }, () => new Cancellable());
            const ends = running.map((op) => op.settle(() => sleepForever()));
            return { running, ends };
          };
          const stop = async (/** @type {ReturnType<typeof start>} */ { running, ends }) => {
            for (const op of running) op.cancel();
            await Promise.all(ends);
          };
          await stop(start());
          const before = await probe();
          const all = start();
          const growth = (await probe()) - before;
          await stop(all);
          await probe(); // An empty queue of deadlines keeps its timer until the end of the turn.
          return growth;
        }),
    },
  },
  targets: [
    { subject: "Cancellable", atMostBytes: 10_000 * operations },
    { subject: "Cancellable", atMostTimers: 0 },
  ],
  covers: ["PAR-PRF-09"],
};
