// What the measurements of threads share.
import { Worker } from "node:worker_threads";

export const host =
  "bun" in process.versions
    ? `Bun ${process.versions.bun}`
    : "deno" in process.versions
      ? `Deno ${process.versions.deno}`
      : `Node ${process.versions.node}`;

/** On Deno a terminated thread runs on and uses a processor. */
export const stopsThreads = !("deno" in process.versions);

const library = new URL("../../packages/cancelable/dist/node/threads.js", import.meta.url);

/** A thread that runs `code`, with `data`, `post` and the library. */
export function thread(/** @type {string} */ code, /** @type {Record<string, unknown>} */ data) {
  const source = `
    import { parentPort, workerData as data } from "node:worker_threads";
    import { SharedCancellationToken } from "${library}";
    const post = (message) => parentPort.postMessage(message);
    ${code}
  `;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData: data });
}

/** The p50 and the p99 of times in ms, as a text. */
export function percentiles(/** @type {number[]} */ values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ part) =>
    text(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  return `${at(0.5)} / ${at(0.99)}`;
}

const text = (/** @type {number} */ ms) =>
  ms >= 1 ? `${ms.toFixed(1)} ms` : `${(ms * 1_000).toFixed(0)} µs`;

/** Waits until another thread has set a word. Spins: the time until then is on the clock of this thread. */
export function spin(/** @type {Int32Array} */ words, /** @type {number} */ at, value = 1) {
  while (Atomics.load(words, at) !== value);
}

export const shared = (/** @type {number} */ length) => new Int32Array(new SharedArrayBuffer(4 * length));

/** Waits until a word is set, without using the processor of the other thread. */
export async function untilSet(/** @type {Int32Array} */ words, /** @type {number} */ at, value = 1) {
  while (Atomics.load(words, at) !== value) await rest(1);
}

export const rest = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
