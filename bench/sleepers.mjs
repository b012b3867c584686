/**
 * Subjects that put 1,000 children to sleep and cancel them. They measure either the time from the cancelling call
 * until all children have settled, or the whole life, spawning included.
 */
import { quietController, sleepByHand } from "./by-hand.mjs";
import { now } from "./clock.mjs";

/** @import { Subject } from "./types.mjs" */

const children = 1000;
const ms = 60_000;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * @param {boolean} whole true to measure the whole life, false to measure only the cancelling
 * @returns {Record<string, Subject>}
 */
export function sleepers(whole) {
  /**
   * Repeats one life and adds up the measured times.
   *
   * @param {number} n
   * @param {(cancelling: () => void) => Promise<void>} life calls `cancelling` just before it cancels
   */
  const timed = async (n, life) => {
    let total = 0;
    for (let i = 0; i < n; i += 1) {
      let start = now();
      await life(() => {
        if (!whole) start = now();
      });
      total += now() - start;
    }
    return total;
  };

  return {
    taskGroup: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, taskGroup, sleep }) =>
        run(() =>
          timed(n, async (cancelling) => {
            await taskGroup(async (/** @type {any} */ group) => {
              for (let i = 0; i < children; i += 1) group.startSoon(() => sleep(ms));
              await turn();
              cancelling();
              group.cancel();
            });
          }),
        ),
    },
    "hand-written": {
      note: "No scope owns the children. A failed child does not cancel the others.",
      run: (n) =>
        timed(n, async (cancelling) => {
          const controller = quietController();
          const child = async () => await sleepByHand(ms, controller.signal);
          const pending = [];
          for (let i = 0; i < children; i += 1) pending.push(child());
          const settled = Promise.allSettled(pending);
          await turn();
          cancelling();
          controller.abort();
          await settled;
        }),
    },
    "abort-controller-x": {
      from: "abort-controller-x",
      note: "As in the hand-written code, each child has a timer and a listener on one signal, and no scope owns the children.",
      setup: (lib) => lib,
      run: (n, { delay }) =>
        timed(n, async (cancelling) => {
          const controller = quietController();
          const child = async () => await delay(controller.signal, ms);
          const pending = [];
          for (let i = 0; i < children; i += 1) pending.push(child());
          const settled = Promise.allSettled(pending);
          await turn();
          cancelling();
          controller.abort();
          await settled;
        }),
    },
    CAF: {
      from: "caf",
      note: "One token for all children. No scope owns the children. A failed child does not cancel the others.",
      setup: ({ CAF }) => ({
        CAF,
        child: CAF(function* (/** @type {AbortSignal} */ signal) {
          yield CAF.delay(signal, ms);
        }),
      }),
      run: (n, { CAF, child }) =>
        timed(n, async (cancelling) => {
          const token = new CAF.cancelToken(quietController());
          const pending = [];
          for (let i = 0; i < children; i += 1) pending.push(child(token));
          const settled = Promise.allSettled(pending);
          await turn();
          cancelling();
          token.abort();
          await settled;
        }),
    },
    Effect: {
      from: "effect",
      note: "The children are sleeps of Effect. No promise is rejected and no error is created.",
      setup: (lib) => lib,
      run: (n, { Effect, Fiber }) =>
        timed(n, (cancelling) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const fibers = [];
              for (let i = 0; i < children; i += 1) fibers.push(yield* Effect.forkChild(Effect.sleep(ms)));
              yield* Effect.promise(turn);
              cancelling();
              yield* Fiber.interruptAll(fibers);
            }),
          ),
        ),
    },
    Effection: {
      from: "effection",
      setup: (lib) => lib,
      run: (n, { run, spawn, sleep, until }) =>
        timed(n, (cancelling) =>
          run(function* () {
            const parent = yield* spawn(function* () {
              for (let i = 0; i < children; i += 1) yield* spawn(() => sleep(ms));
              yield* sleep(ms);
            });
            yield* until(turn());
            cancelling();
            yield* parent.halt();
          }),
        ),
    },
  };
}
