import { EventEmitter, once as nodeOnce } from "node:events";

/** @import { Case } from "../types.mjs" */

/**
 * Waits `n` times for an event of an emitter, which comes while the caller waits.
 *
 * @param {number} n
 * @param {(emitter: EventEmitter) => Promise<unknown>} wait
 */
async function events(n, wait) {
  const emitter = new EventEmitter();
  for (let i = 0; i < n; i += 1) {
    const waiting = wait(emitter);
    emitter.emit("ready", i);
    await waiting;
  }
}

/** @type {Case} */
export default {
  name: "once",
  about: "Waits for one event of an emitter and removes the listeners. An `error` event rejects.",
  per: "event",
  baseline: "events.once",
  subjects: {
    once: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, once }) => run(() => events(n, (emitter) => once(emitter, "ready"))),
    },
    "events.once": {
      note: "Node's own, with a signal. It has no filter.",
      run: (n) => {
        const { signal } = new AbortController();
        return events(n, (emitter) => nodeOnce(emitter, "ready", { signal }));
      },
    },
    "p-event": {
      from: "p-event",
      note: "Called without a signal: it never removes its listener from one, so that the time would grow with the number of calls.",
      setup: ({ pEvent }) => pEvent,
      run: (n, pEvent) => events(n, (emitter) => pEvent(emitter, "ready")),
    },
    "Effect.callback": {
      from: "effect",
      note: "Runs inside one fiber, with listeners that the case adds and removes.",
      setup: ({ Effect }) => Effect,
      run: (n, Effect) => {
        const emitter = new EventEmitter();
        const wait = Effect.callback((/** @type {any} */ resume) => {
          const off = () => {
            emitter.off("ready", ready);
            emitter.off("error", failed);
          };
          const ready = (/** @type {number} */ value) => {
            off();
            resume(Effect.succeed(value));
          };
          const failed = (/** @type {unknown} */ error) => {
            off();
            resume(Effect.die(error));
          };
          emitter.on("ready", ready);
          emitter.on("error", failed);
          queueMicrotask(() => emitter.emit("ready", 1));
          return Effect.sync(off);
        });
        return Effect.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < n; i += 1) yield* wait;
          }),
        );
      },
    },
  },
};
