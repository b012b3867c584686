/*
 * Turns of the event loop. The functions are kept from the start, so that fake timers, which drive
 * this library's *time*, do not stop its *turns*.
 */
const { setImmediate, clearImmediate, queueMicrotask } = globalThis;
const { nextTick } = process;

/** Runs `fn` in a later turn of the event loop, after timers and I/O that are due had theirs. */
export function inLaterTurn(fn: () => void): () => void {
  const handle = setImmediate(fn);
  return () => clearImmediate(handle);
}

/** Runs `fn` when no microtask is left, as Node does between two timers. */
export function afterMicrotasks(fn: () => void): void {
  // A tick that is asked for from inside the microtask queue runs when that queue is empty.
  queueMicrotask(() => nextTick(fn));
}
