import { once } from "node:events";
import { createServer } from "node:http";
import { Cancellable } from "@hother/cancelable";
import { Effect, Fiber } from "effect";
import { run as runTask, until, useAbortSignal } from "effection";

const ignore = () => {};

/**
 * Requests `url` and returns the function that cancels the request.
 *
 * @typedef {(url: string) => () => PromiseLike<unknown>} Asker
 */

/** @type {Record<string, { ours?: boolean, note?: string, start: Asker }>} */
const subjects = {
  Cancellable: {
    ours: true,
    start: (url) => {
      const op = new Cancellable();
      const ended = op.settle(() => fetch(url, { signal: op.signal }));
      return () => {
        op.cancel();
        return ended;
      };
    },
  },
  AbortController: {
    note: "The same `fetch` and signal, without an operation.",
    start: (url) => {
      const controller = new AbortController();
      const ended = fetch(url, { signal: controller.signal }).catch(ignore);
      return () => {
        controller.abort();
        return ended;
      };
    },
  },
  Effect: {
    note: "The same `fetch` with a signal of Effect, which the interruption aborts. The signal carries no reason.",
    start: (url) => {
      const fiber = Effect.runFork(Effect.tryPromise((signal) => fetch(url, { signal })));
      return () => Effect.runPromise(Fiber.interrupt(fiber));
    },
  },
  Effection: {
    note: "The same `fetch` with a signal of Effection. The signal carries no reason.",
    start: (url) => {
      const task = runTask(function* () {
        const signal = yield* useAbortSignal();
        yield* until(fetch(url, { signal }));
      });
      task.catch(ignore);
      // Effection starts to halt only when the returned promise is awaited.
      return () => task.halt().then(() => {});
    },
  },
};

/**
 * Measures the time from the cancelling call until the server sees the connection closed, in ns.
 *
 * @param {number} samples of each subject
 */
export async function socket(samples) {
  /** @type {(closed: Promise<number>) => void} */
  let asked = ignore;
  // Never answers. Passes on each request, with a promise of the moment at which its connection closes.
  const server = createServer((request) => {
    asked(
      new Promise((resolve) => {
        request.socket.once("close", () => resolve(performance.now()));
      }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${address.port}/`;
  const names = Object.keys(subjects);
  /** @type {Record<string, { ours?: boolean, note?: string, samples: number[] }>} */
  const outcome = Object.fromEntries(
    Object.entries(subjects).map(([name, { start: _start, ...rest }]) => [name, { ...rest, samples: [] }]),
  );
  const warm = 20;
  for (let i = 0; i < samples + warm; i += 1) {
    for (let j = 0; j < names.length; j += 1) {
      const name = /** @type {string} */ (names[(i + j) % names.length]);
      const arrived = /** @type {Promise<{ closed: Promise<number> }>} */ (
        new Promise((resolve) => {
          asked = (closed) => resolve({ closed });
        })
      );
      const cancel = /** @type {(typeof subjects)[string]} */ (subjects[name]).start(url);
      const { closed } = await arrived;
      const from = performance.now();
      const ended = cancel();
      const at = await closed;
      await ended;
      if (i >= warm) outcome[name]?.samples.push((at - from) * 1e6);
    }
  }
  server.close();
  return outcome;
}
