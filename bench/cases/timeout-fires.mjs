import { moveOnAfterByHand, quietController, sleepByHand } from "../by-hand.mjs";
import { busy } from "../clock.mjs";

/** @import { Case, Subject } from "../types.mjs" */

const atOnce = 1000;
const ms = 1;
const body = 60_000;

/**
 * Runs 1,000 concurrent timeouts `n` times. The measured time excludes the time in which the event loop was idle.
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

/** A sleep that p-timeout can end, because p-timeout calls the `cancel` method of its promise. */
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
  note: "Passes a signal to the body and does not own the tasks that the body starts. The sleep and its end are hand-written.",
  setup: ({ timeout, TimeoutStrategy }) => timeout(ms, TimeoutStrategy[strategy]),
  run: each((policy) =>
    policy.execute((/** @type {any} */ { signal }) => sleepByHand(body, signal)).then(() => {}, expected),
  ),
});

/** @type {Case} */
export default {
  name: "timeout-fires",
  about:
    "1,000 concurrent timeouts of 1 ms, each of which ends a sleep of one minute. The figure is the time of the whole life without the time in which the event loop was idle.",
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
      note: "No scope: children are not awaited, there is no shield, an expired deadline is not detected between timers, and every call must pass the signal.",
      setup: () => quietController().signal,
      run: each((parent) => moveOnAfterByHand(ms, parent, (signal) => sleepByHand(body, signal))),
    },
    "p-timeout": {
      from: "p-timeout",
      note: "Ends the body only through a `cancel` method of the promise, which is hand-written here, and does not await the end of the body. No parent.",
      setup: ({ default: pTimeout }) => pTimeout,
      run: each((pTimeout) => pTimeout(cancelableSleep(), { milliseconds: ms, message: false })),
    },
    CAF: {
      from: "caf",
      note: "No parent. The result does not await an asynchronous clean-up of the body.",
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
      note: "A race of two delays on one signal, of which the first cancels the other. No scope and no timeout error.",
      setup: (lib) => ({ ...lib, parent: quietController().signal }),
      run: each(({ race, delay, parent }) =>
        race(parent, (/** @type {AbortSignal} */ signal) => [delay(signal, ms), delay(signal, body)]),
      ),
    },
    "Effect.timeoutOption": {
      from: "effect",
      note: "The body is a sleep of Effect. No promise is rejected and no error is created.",
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
