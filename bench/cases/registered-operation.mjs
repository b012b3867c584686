/** @import { Case } from "../types.mjs" */

const body = async () => 1;

/** @type {Case} */
export default {
  name: "registered-operation",
  about:
    "A whole operation around an async function that returns at once: unregistered, in the process's registry, and in the registry while one watcher reads every event.",
  per: "operation",
  baseline: "unregistered",
  subjects: {
    unregistered: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, Cancellable }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) await new Cancellable().run(body);
        }),
    },
    "register: true": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, Cancellable }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) await new Cancellable({ register: true }).run(body);
        }),
    },
    "register: true, watched": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, Cancellable, registry }) =>
        run(async () => {
          const events = registry.watch();
          const reading = (async () => {
            let ended = 0;
            for await (const { type } of events) if (type === "ended" && (ended += 1) === n) return;
          })();
          for (let i = 0; i < n; i += 1) await new Cancellable({ register: true }).run(body);
          await reading;
        }),
    },
  },
  targets: [{ subject: "register: true", against: "unregistered", atMostNs: 1_000_000 }],
  covers: ["PAR-PRF-08"],
};
