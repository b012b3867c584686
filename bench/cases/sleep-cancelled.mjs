import { sleepByHand } from "../by-hand.mjs";

/** @import { Case } from "../types.mjs" */

const ms = 60_000;
const ignore = () => {};

/** @type {Case} */
export default {
  name: "sleep-cancelled",
  about: "Starts one sleep in its own scope, or with its own signal, cancels it, and waits for its end.",
  per: "sleep",
  baseline: "hand-written",
  subjects: {
    CancelScope: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, CancelScope, sleep }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) {
            const scope = new CancelScope();
            const sleeping = scope.run(() => sleep(ms));
            scope.cancel();
            await sleeping;
          }
        }),
    },
    "hand-written": {
      note: "A signal and one listener. There is no scope with children, a parent, a reason or a deadline.",
      run: async (n) => {
        for (let i = 0; i < n; i += 1) {
          const controller = new AbortController();
          const sleeping = sleepByHand(ms, controller.signal);
          controller.abort();
          await sleeping.catch(ignore);
        }
      },
    },
    "abort-controller-x": {
      from: "abort-controller-x",
      note: "As in the hand-written code, a signal and one listener, without a scope.",
      setup: (lib) => lib,
      run: async (n, { delay }) => {
        for (let i = 0; i < n; i += 1) {
          const controller = new AbortController();
          const sleeping = delay(controller.signal, ms);
          controller.abort();
          await sleeping.catch(ignore);
        }
      },
    },
    "CAF.delay": {
      from: "caf",
      note: "A token and a timer, without a scope.",
      setup: ({ CAF }) => CAF,
      run: async (n, CAF) => {
        for (let i = 0; i < n; i += 1) {
          const token = new CAF.cancelToken();
          const sleeping = CAF.delay(token, ms);
          token.abort();
          await sleeping.catch(ignore);
        }
      },
    },
    Effect: {
      from: "effect",
      note: "A sleep of Effect in a fiber. The interruption creates no error and rejects no promise.",
      setup: (lib) => lib,
      run: (n, { Effect, Fiber }) =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < n; i += 1) {
              const sleeping = yield* Effect.forkChild(Effect.sleep(ms), { startImmediately: true });
              yield* Fiber.interrupt(sleeping);
            }
          }),
        ),
    },
    Effection: {
      from: "effection",
      setup: (lib) => lib,
      run: (n, { run, spawn, sleep }) =>
        run(function* () {
          for (let i = 0; i < n; i += 1) {
            const sleeping = yield* spawn(() => sleep(ms));
            yield* sleeping.halt();
          }
        }),
    },
  },
};
