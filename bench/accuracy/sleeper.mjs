import { CancelScope, sleep } from "@hother/cancelable";
import { Effect, Fiber } from "effect";
import { run as runTask, sleep as sleepInTask } from "effection";
import { sleepByHand } from "../by-hand.mjs";

const ms = 60_000;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Starts one sleeper and returns the function that cancels it. The sleeper calls `seen` when its code resumes.
 *
 * @typedef {(seen: () => void) => () => PromiseLike<unknown>} Sleeper
 */

/** @type {Record<string, { ours?: boolean, note?: string, start: Sleeper }>} */
const subjects = {
  CancelScope: {
    ours: true,
    start: (seen) => {
      const scope = new CancelScope();
      const ended = scope.run(async () => {
        try {
          await sleep(ms);
        } catch (error) {
          seen();
          throw error;
        }
      });
      return () => {
        scope.cancel();
        return ended;
      };
    },
  },
  AbortController: {
    note: "A signal with one listener. There is no tree of scopes, no reason and no deadline.",
    start: (seen) => {
      const controller = new AbortController();
      const ended = (async () => {
        try {
          await sleepByHand(ms, controller.signal);
        } catch {
          seen();
        }
      })();
      return () => {
        controller.abort();
        return ended;
      };
    },
  },
  Effect: {
    note: "The interrupting code calls a finalizer of Effect. No error is created and no promise is rejected.",
    start: (seen) => {
      const fiber = Effect.runFork(Effect.onInterrupt(Effect.sleep(ms), () => Effect.sync(seen)));
      return () => Effect.runPromise(Fiber.interrupt(fiber));
    },
  },
  Effection: {
    note: "The generator returns early. No error is created and no promise is rejected.",
    start: (seen) => {
      const task = runTask(function* () {
        try {
          yield* sleepInTask(ms);
        } finally {
          seen();
        }
      });
      task.catch(() => {});
      // Effection starts to halt only when the returned promise is awaited.
      return () => task.halt().then(() => {});
    },
  },
};

/**
 * Measures the time from the cancelling call to the sleeper's own code, in ns.
 *
 * @param {number} samples of each subject
 */
export async function sleeper(samples) {
  const names = Object.keys(subjects);
  /** @type {Record<string, { ours?: boolean, note?: string, samples: number[] }>} */
  const outcome = Object.fromEntries(
    Object.entries(subjects).map(([name, { start: _start, ...rest }]) => [name, { ...rest, samples: [] }]),
  );
  const warm = 200;
  for (let i = 0; i < samples + warm; i += 1) {
    for (let j = 0; j < names.length; j += 1) {
      const name = /** @type {string} */ (names[(i + j) % names.length]);
      let at = Number.NaN;
      const cancel = /** @type {(typeof subjects)[string]} */ (subjects[name]).start(() => {
        at = performance.now();
      });
      await turn();
      const from = performance.now();
      await cancel();
      if (i >= warm) outcome[name]?.samples.push((at - from) * 1e6);
    }
  }
  return outcome;
}
