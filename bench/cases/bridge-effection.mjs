import { load } from "../peers.mjs";

/** @import { Case } from "../types.mjs" */

const ms = 60_000;
const body = async () => 1;

/** What `fromCancellable` promises, written by hand: a timeout, and a halt that waits for the body. */
const byHand = ({ scoped, ensure, until }) =>
  scoped(function* () {
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(new Error("timed out")), ms);
    let settled = false;
    let work;
    yield* ensure(function* () {
      clearTimeout(timer);
      if (settled || work === undefined) return;
      controller.abort(new Error("halted"));
      try {
        yield* until(work);
      } catch (error) {
        if (error !== signal.reason) throw error;
      }
    });
    work = body(signal).finally(() => {
      settled = true;
    });
    return yield* until(work);
  });

const inOneTask = (n, { run, once }) =>
  run(function* () {
    for (let i = 0; i < n; i += 1) yield* once();
  });

/** @type {Case} */
export default {
  name: "bridge-effection",
  about:
    "An async function under a timeout inside one running Effection task, with a halt that waits for clean-up: `fromCancellable` beside `scoped`, `ensure` and `until` written by hand with the same guarantees. Importing our backend makes every step of Effection enter its scope: the hand-written one runs with that too.",
  per: "use",
  baseline: "by hand",
  subjects: {
    fromCancellable: {
      from: "@hother/cancelable-backends/effection",
      ours: true,
      setup: async ({ fromCancellable }) => {
        const { Cancellable } = await load("@hother/cancelable");
        const { run } = await load("effection");
        return { run, once: () => fromCancellable(Cancellable.withTimeout(ms), body) };
      },
      run: inOneTask,
    },
    "by hand": {
      from: "effection",
      note: "No operation: no id, status, times, callbacks or sources, and the signal has to be handed through.",
      setup: (lib) => ({ run: lib.run, once: () => byHand(lib) }),
      run: inOneTask,
    },
  },
  targets: [{ subject: "fromCancellable", against: "by hand", atMost: 1.3 }],
};
