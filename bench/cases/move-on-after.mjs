import { moveOnAfterByHand } from "../by-hand.mjs";

/** @import { Case, Subject } from "../types.mjs" */

const ms = 60_000;
const body = async () => 1;

/**
 * @param {"Cooperative" | "Aggressive"} strategy
 * @returns {Subject}
 */
const cockatiel = (strategy) => ({
  from: "cockatiel",
  note: "Passes a signal to the body and does not own the tasks that the body starts.",
  setup: ({ timeout, TimeoutStrategy }) => timeout(ms, TimeoutStrategy[strategy]),
  run: async (n, policy) => {
    const { signal } = new AbortController();
    for (let i = 0; i < n; i += 1) await policy.execute(body, signal);
  },
});

/** @type {Case} */
export default {
  name: "move-on-after",
  about:
    "A timeout around an async function that returns at once, with a long-lived parent. `Effect.timeout` runs inside one fiber around the same async function (`Effect.promise`). In `Effect.timeout (signal)` the function takes the signal, as in the hand-written code. `Effect.timeout (pure)` is around `Effect.succeed`, without a promise.",
  per: "use",
  baseline: "hand-written",
  subjects: {
    moveOnAfter: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, moveOnAfter }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) await moveOnAfter(ms, body);
        }),
    },
    "hand-written": {
      note: "No scope: children are not awaited, there is no shield, an expired deadline is not detected between timers, and every call must pass the signal.",
      run: async (n) => {
        const parent = new AbortController().signal;
        for (let i = 0; i < n; i += 1) await moveOnAfterByHand(ms, parent, body);
      },
    },
    "AbortSignal.any": {
      note: "Only creates the signal. The caller must tell an expiry from other failures of the body. The timer is never cleared.",
      run: async (n) => {
        const parent = new AbortController().signal;
        const withSignal = async (/** @type {AbortSignal} */ _signal) => 1;
        for (let i = 0; i < n; i += 1) await withSignal(AbortSignal.any([AbortSignal.timeout(ms), parent]));
      },
    },
    "p-timeout": {
      from: "p-timeout",
      note: "Takes a promise that exists already: the body has no signal, is not stopped, and its end is not awaited.",
      setup: ({ default: pTimeout }) => pTimeout,
      run: async (n, pTimeout) => {
        const { signal } = new AbortController();
        for (let i = 0; i < n; i += 1) {
          await pTimeout(body(), { milliseconds: ms, message: false, signal });
        }
      },
    },
    CAF: {
      from: "caf",
      note: "No parent, and a generator instead of the async function.",
      setup: ({ CAF }) => ({
        CAF,
        once: CAF(function* () {
          return 1;
        }),
      }),
      run: async (n, { CAF, once }) => {
        for (let i = 0; i < n; i += 1) await once(CAF.timeout(ms));
      },
    },
    "cockatiel (cooperative)": cockatiel("Cooperative"),
    "cockatiel (aggressive)": cockatiel("Aggressive"),
    "abort-controller-x": {
      from: "abort-controller-x",
      note: "A race against a delay, which is then cancelled. No scope: the code passes signals.",
      setup: (lib) => lib,
      run: async (n, { race, delay }) => {
        const { signal } = new AbortController();
        for (let i = 0; i < n; i += 1) {
          await race(signal, (/** @type {AbortSignal} */ inner) => [body(), delay(inner, ms)]);
        }
      },
    },
    "Effect.timeout": {
      from: "effect",
      setup: ({ Effect }) => ({ Effect, effect: Effect.promise(body) }),
      run: (n, { Effect, effect }) =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < n; i += 1) yield* Effect.timeout(effect, ms);
          }),
        ),
    },
    "Effect.timeout (signal)": {
      from: "effect",
      setup: ({ Effect }) => ({
        Effect,
        effect: Effect.promise(async (/** @type {AbortSignal} */ _signal) => 1),
      }),
      run: (n, { Effect, effect }) =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < n; i += 1) yield* Effect.timeout(effect, ms);
          }),
        ),
    },
    "Effect.timeout (pure)": {
      from: "effect",
      note: "No promise and no async function: the value exists already.",
      setup: ({ Effect }) => ({ Effect, effect: Effect.succeed(1) }),
      run: (n, { Effect, effect }) =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < n; i += 1) yield* Effect.timeout(effect, ms);
          }),
        ),
    },
  },
  targets: [
    { subject: "moveOnAfter", against: "hand-written", atMost: 0.25, runtime: 20 },
    { subject: "moveOnAfter", against: "hand-written", atMost: 0.75, runtime: 24 },
    { subject: "moveOnAfter", against: "AbortSignal.any", atMost: 1 / 3 },
    { subject: "moveOnAfter", against: "Effect.timeout", atMost: 1 / 15 },
    { subject: "moveOnAfter", atMostBytes: 1800 },
  ],
};
