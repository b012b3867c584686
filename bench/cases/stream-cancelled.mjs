/** @import { Case } from "../types.mjs" */

const before = 10_000;

async function* endless() {
  for (let i = 0; ; i += 1) yield i;
}

/** @type {Case} */
export default {
  name: "stream-cancelled",
  about:
    "Reads an endless async generator and cancels the reading after 10,000 items. The time includes the end of the reading.",
  per: "item",
  scale: before,
  baseline: "break",
  subjects: {
    cancellableStream: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, cancellableStream, Cancellable }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) {
            const op = new Cancellable();
            let read = 0;
            await op.settle(async () => {
              for await (const _ of cancellableStream(endless())) if ((read += 1) === before) op.cancel();
            });
            if (read !== before) throw new Error(`expected ${before} items, got ${read}`);
          }
        }),
    },
    break: {
      note: "The loop ends itself. Other code cannot stop it while the source is silent.",
      run: async (n) => {
        for (let i = 0; i < n; i += 1) {
          let read = 0;
          for await (const _ of endless()) if ((read += 1) === before) break;
        }
      },
    },
  },
  targets: [{ subject: "cancellableStream", against: "break", atMostNs: 100_000 }],
  covers: ["PAR-PRF-07"],
};
