import { moveOnAfterByHand, quietController, sleepByHand } from "../by-hand.mjs";
import { busy } from "../clock.mjs";

/** @import { Case, Subject } from "../types.mjs" */

const atOnce = 1000;
const ms = 1;
const body = 60_000;

/**
 * Runs `n` times 1,000 timeouts at the same time, and gives the time without that in which the event loop waited.
 *
 * @param {(state: any) => PromiseLike<unknown>} all
 * @returns {Subject["run"]}
 */
const working = (all) => async (n, state) => {
  const start = busy();
  for (let i = 0; i < n; i += 1) await all(state);
  return busy() - start;
};

/** @param {(state: any) => PromiseLike<unknown>} one */
const each = (one) => working((state) => Promise.all(Array.from({ length: atOnce }, () => one(state))));

/** @param {unknown} error */
const expected = (error) => {
  const { name } = /** @type {Error} */ (error);
  if (!["AbortError", "TimeoutError", "TaskCancelledError", "Error"].includes(name)) throw error;
};

/** A sleep that p-timeout can end: it calls `cancel` of what it is given. */
const cancelableSleep = () => {
  let timer;
  const promise = new Promise((_resolve, reject) => {
    timer = setTimeout(reject, body);
  });
  return Object.assign(promise, { cancel: () => clearTimeout(timer) });
};

/**
 * @param {"Cooperative" | "Aggressive"} strategy
 * @returns {Subject}
 */
const cockatiel = (strategy) => ({
  from: "cockatiel",
  note: "Hands the body a signal and knows nothing of what it starts; the sleep and its end are hand-written.",
  setup: ({ timeout, TimeoutStrategy }) => timeout(ms, TimeoutStrategy[strategy]),
  run: each((policy) =>
    policy.execute((/** @type {any} */ { signal }) => sleepByHand(body, signal)).then(() => {}, expected),
  ),
});

/** @type {Case} */
export default {
  name: "timeout-fires",
  about:
    "1,000 timeouts of 1 ms at the same time, each around a sleep of a minute that it ends: the time of a whole life, without that in which the event loop waited.",
  per: "timeout",
  scale: atOnce,
  baseline: "hand-written",
  subjects: {
    moveOnAfter: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, lib) =>
        lib.run(() =>
          each(({ moveOnAfter, sleep }) => moveOnAfter(ms, () => sleep(body)))(n, lib, async () => {}),
        ),
    },
    failAfter: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, lib) =>
        lib.run(() =>
          each(({ failAfter, sleep }) => failAfter(ms, () => sleep(body)).then(() => {}, expected))(
            n,
            lib,
            async () => {},
          ),
        ),
    },
    "hand-written": {
      note: "No scope: what the body starts is not waited for, no shield, no look at the clock between timers, and the signal has to be handed through every call.",
      setup: () => quietController().signal,
      run: each((parent) => moveOnAfterByHand(ms, parent, (signal) => sleepByHand(body, signal))),
    },
    "p-timeout": {
      from: "p-timeout",
      note: "Ends the body only through a `cancel` method on the promise, which is written by hand here, and does not wait for its end; no parent.",
      setup: ({ default: pTimeout }) => pTimeout,
      run: each((pTimeout) => pTimeout(cancelableSleep(), { milliseconds: ms, message: false })),
    },
    CAF: {
      from: "caf",
      note: "No parent, and its result does not wait for the body's clean-up if that awaits.",
      setup: ({ CAF }) => {
        const sleeping = CAF(function* (/** @type {any} */ signal) {
          yield CAF.delay(signal, body);
        });
        return () => sleeping(CAF.timeout(ms, new Error("timed out")));
      },
      run: each((start) => start().then(() => {}, expected)),
    },
    "cockatiel (cooperative)": cockatiel("Cooperative"),
    "cockatiel (aggressive)": cockatiel("Aggressive"),
    "abort-controller-x": {
      from: "abort-controller-x",
      note: "A race of two delays on one signal: the one that is over ends the other. No scope, no error of a timeout.",
      setup: (lib) => ({ ...lib, parent: quietController().signal }),
      run: each(({ race, delay, parent }) =>
        race(parent, (/** @type {AbortSignal} */ signal) => [delay(signal, ms), delay(signal, body)]),
      ),
    },
    "Effect.timeoutOption": {
      from: "effect",
      note: "The body is a sleep of Effect's own: no promise is rejected and no error is made.",
      setup: ({ Effect }) => ({
        Effect,
        all: Effect.forEach(
          Array.from({ length: atOnce }),
          () => Effect.timeoutOption(Effect.sleep(body), ms),
          { concurrency: "unbounded", discard: true },
        ),
      }),
      run: working(({ Effect, all }) => Effect.runPromise(all)),
    },
    "Effection race": {
      from: "effection",
      setup: (lib) => lib,
      run: working(({ run, all, race, sleep }) =>
        run(() => all(Array.from({ length: atOnce }, () => race([sleep(ms), sleep(body)])))),
      ),
    },
  },
};
