import { load } from "../peers.mjs";

/** @import { Case } from "../types.mjs" */

const ms = 60_000;
const body = async () => 1;

/** The guarantees of `fromCancellable`, written by hand: a timeout, a typed failure, an interruption that awaits the body. */
const byHand = (Effect) =>
  Effect.callback((resume) => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error("timed out")), ms);
    const { signal } = controller;
    const work = body(signal).finally(() => clearTimeout(timer));
    work.then(
      (value) => resume(Effect.succeed(value)),
      (error) => resume(error === signal.reason ? Effect.fail(error) : Effect.die(error)),
    );
    return Effect.suspend(() => {
      controller.abort(new Error("interrupted"));
      return Effect.promise(() =>
        work.then(
          () => {},
          (error) => {
            if (error !== signal.reason) throw error;
          },
        ),
      );
    });
  });

const inOneFiber = (n, { Effect, once }) =>
  Effect.runPromise(
    Effect.gen(function* () {
      for (let i = 0; i < n; i += 1) yield* once();
    }),
  );

/** @type {Case} */
export default {
  name: "bridge-effect",
  about:
    "An interruptible async function with a timeout inside one running fiber, whose clean-up is awaited: `fromCancellable` beside hand-written `Effect.callback` with the same guarantees.",
  per: "use",
  baseline: "Effect.callback by hand",
  subjects: {
    fromCancellable: {
      from: "@hother/cancelable-backends/effect",
      ours: true,
      setup: async ({ fromCancellable }) => {
        const { Cancellable } = await load("@hother/cancelable");
        const { Effect } = await load("effect");
        return { Effect, once: () => fromCancellable(Cancellable.withTimeout(ms), body) };
      },
      run: inOneFiber,
    },
    "Effect.callback by hand": {
      from: "effect",
      note: "No operation: no id, status, times, callbacks or sources. Calls of this library in the body are not in the fiber's scope. Every call must pass the signal.",
      setup: ({ Effect }) => ({ Effect, once: () => byHand(Effect) }),
      run: inOneFiber,
    },
  },
  targets: [{ subject: "fromCancellable", against: "Effect.callback by hand", atMost: 1.3 }],
};
