/** Code as a careful programmer writes it without a library. The subjects "hand-written" use these functions. */
import { setMaxListeners } from "node:events";

/**
 * Runs `body` with a signal that is aborted after `ms` milliseconds or together with `parent`. Resolves with `undefined`
 * if the time is over. All other results and errors of `body` pass through.
 *
 * @template T
 * @param {number} ms
 * @param {AbortSignal} parent
 * @param {(signal: AbortSignal) => Promise<T>} body
 * @returns {Promise<T | undefined>}
 */
export async function moveOnAfterByHand(ms, parent, body) {
  parent.throwIfAborted();
  const controller = new AbortController();
  let expired = false;
  const onAbort = () => controller.abort(parent.reason);
  const timer = setTimeout(() => {
    expired = true;
    controller.abort(new DOMException("The operation timed out", "TimeoutError"));
  }, ms);
  parent.addEventListener("abort", onAbort, { once: true });
  try {
    return await body(controller.signal);
  } catch (error) {
    if (expired && error === controller.signal.reason) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
    parent.removeEventListener("abort", onAbort);
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function sleepByHand(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** A controller whose signal accepts any number of listeners without a warning. */
export function quietController() {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
