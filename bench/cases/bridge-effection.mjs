import { load } from "../peers.mjs";

/** @import { Case } from "../types.mjs" */

const ms = 60_000;
const body = async () => 1;

/** The guarantees of `fromCancellable`, written by hand: a timeout, and a halt that awaits the body. */
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
    "An async function with a timeout inside one running Effection task, whose halt awaits the clean-up: `fromCancellable` beside hand-written `scoped`, `ensure` and `until` with the same guarantees. Importing this library's backend makes every step of Effection enter its scope, also in the hand-written subject.",
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
      note: "No operation: no id, status, times, callbacks or sources. Every call must pass the signal.",
      setup: (lib) => ({ run: lib.run, once: () => byHand(lib) }),
      run: inOneTask,
    },
  },
  targets: [{ subject: "fromCancellable", against: "by hand", atMost: 1.3 }],
};
