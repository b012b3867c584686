/** @import { Case, Subject } from "../types.mjs" */

/**
 * @param {"waiting" | "ready"} when the item comes
 * @param {(lib: any, queues: any[]) => Promise<unknown>} take
 * @returns {Subject}
 */
const ours = (when, take) => ({
  from: "@hother/cancelable",
  ours: true,
  setup: (lib) => ({ lib, queues: [new lib.Queue(), new lib.Queue()] }),
  run: (n, { lib, queues }) =>
    lib.run(async () => {
      for (let i = 0; i < n; i += 1) {
        if (when === "ready") queues[0].putNowait(i);
        const taking = take(lib, queues);
        if (when === "waiting") queues[0].putNowait(i);
        await taking;
      }
    }),
});

/** @type {Case} */
export default {
  name: "select",
  about: "Takes an item from the first of two queues that has one, beside a plain `get` of one queue.",
  per: "item",
  baseline: "get, waiting",
  subjects: {
    "select, waiting": ours("waiting", (lib, [one, two]) => lib.select({ one, two })),
    "select, ready": ours("ready", (lib, [one, two]) => lib.select({ one, two })),
    "get, waiting": ours("waiting", (_lib, [one]) => one.get()),
    "get, ready": ours("ready", (_lib, [one]) => one.get()),
    "race, waiting": ours("waiting", (lib, [one, two]) => lib.race([() => one.get(), () => two.get()])),
  },
  targets: [{ subject: "select, waiting", against: "get, waiting", atMost: 4 }],
};
