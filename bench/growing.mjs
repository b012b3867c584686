/**
 * Subjects of the growth cases: one life of `n` tasks, which calls `hold` once when all tasks have started.
 */
import { quietController, sleepByHand } from "./by-hand.mjs";

/** @import { Subject } from "./types.mjs" */

/** Longer than any measured life. */
const ms = 3_600_000;

/** A gate at which the tasks wait: a promise, and the function that resolves it. */
function gate() {
  /** @type {() => void} */
  let open = () => {};
  const opened = /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      open = resolve;
    })
  );
  return { open, opened };
}

/**
 * One life of tasks that wait at a gate.
 *
 * @param {(n: number, task: () => Promise<number>, state: any) => PromiseLike<unknown>} all starts `n` tasks and
 *   resolves when they have ended
 * @returns {Subject["run"]}
 */
export const behindGate = (all) => async (n, state, hold) => {
  const { open, opened } = gate();
  const task = async () => {
    await opened;
    return 1;
  };
  const ended = all(n, task, state);
  await hold();
  open();
  await ended;
};

/** @type {Record<string, Subject>} */
export const cancelled = {
  taskGroup: {
    from: "@hother/cancelable",
    ours: true,
    setup: (lib) => lib,
    run: (n, { run, taskGroup, sleep }, hold) =>
      run(() =>
        taskGroup(async (/** @type {any} */ group) => {
          for (let i = 0; i < n; i += 1) group.startSoon(() => sleep(ms));
          await hold();
          group.cancel();
        }),
      ),
  },
  "hand-written": {
    note: "No scope owns the children. A failed child does not cancel the others. Node searches all listeners of a signal when one is added.",
    run: async (n, _state, hold) => {
      const controller = quietController();
      const pending = [];
      for (let i = 0; i < n; i += 1) pending.push(sleepByHand(ms, controller.signal));
      const settled = Promise.allSettled(pending);
      await hold();
      controller.abort();
      await settled;
    },
  },
  "abort-controller-x": {
    from: "abort-controller-x",
    note: "As in the hand-written code, `delay` adds a timer and a listener on one signal for each child.",
    setup: (lib) => lib,
    run: async (n, { delay }, hold) => {
      const controller = quietController();
      const pending = [];
      for (let i = 0; i < n; i += 1) pending.push(delay(controller.signal, ms));
      const settled = Promise.allSettled(pending);
      await hold();
      controller.abort();
      await settled;
    },
  },
  "p-queue": {
    from: "p-queue",
    note: "An abort settles `add` at once and does not wait for the tasks, which are hand-written sleeps on one signal.",
    setup: ({ default: PQueue }) => PQueue,
    run: async (n, PQueue, hold) => {
      const queue = new PQueue();
      const controller = quietController();
      const { signal } = controller;
      const pending = [];
      for (let i = 0; i < n; i += 1) pending.push(queue.add(() => sleepByHand(ms, signal), { signal }));
      const settled = Promise.allSettled(pending);
      await hold();
      controller.abort();
      await settled;
    },
  },
  Effect: {
    from: "effect",
    note: "The children are sleeps of Effect without a promise. No promise is rejected and no error is created.",
    setup: (lib) => lib,
    run: (n, { Effect, Fiber }, hold) =>
      Effect.runPromise(
        Effect.gen(function* () {
          const fibers = [];
          for (let i = 0; i < n; i += 1) fibers.push(yield* Effect.forkChild(Effect.sleep(ms)));
          yield* Effect.promise(hold);
          yield* Fiber.interruptAll(fibers);
        }),
      ),
  },
  Effection: {
    from: "effection",
    setup: (lib) => lib,
    run: (n, { run, spawn, sleep, until }, hold) =>
      run(function* () {
        const parent = yield* spawn(function* () {
          for (let i = 0; i < n; i += 1) yield* spawn(() => sleep(ms));
          yield* sleep(ms);
        });
        yield* sleep(0);
        yield* until(hold());
        yield* parent.halt();
      }),
  },
};
