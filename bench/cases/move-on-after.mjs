import { moveOnAfterByHand } from "../by-hand.mjs";

/** @import { Case } from "../types.mjs" */

const ms = 60_000;
const body = async () => 1;

/** @type {Case} */
export default {
  name: "move-on-after",
  about:
    "A timeout around an async function that returns at once, below a long-lived parent. `Effect.timeout` runs inside one fiber, around the same async function (`Effect.promise`); in `Effect.timeout (signal)` the function takes the signal, as the hand-written one does; `Effect.timeout (pure)` is around `Effect.succeed`, with no promise at all.",
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
      run: async (n) => {
        const parent = new AbortController().signal;
        for (let i = 0; i < n; i += 1) await moveOnAfterByHand(ms, parent, body);
      },
    },
    "AbortSignal.any": {
      run: async (n) => {
        const parent = new AbortController().signal;
        const withSignal = async (/** @type {AbortSignal} */ _signal) => 1;
        for (let i = 0; i < n; i += 1) await withSignal(AbortSignal.any([AbortSignal.timeout(ms), parent]));
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
