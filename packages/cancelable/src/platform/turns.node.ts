/*
 * Turns of the event loop. The functions are stored when the module is loaded: fake timers control the time of this
 * library, and must not stop its turns.
 */
const { setImmediate, clearImmediate, queueMicrotask } = globalThis;
const { nextTick } = process;

/**
 * Runs `fn` in a later turn of the event loop, after the timers and the I/O that are due. Returns a function that
 * cancels this.
 */
export function inLaterTurn(fn: () => void): () => void {
  const handle = setImmediate(fn);
  return () => clearImmediate(handle);
}

/** Runs `fn` when no microtask is pending, as Node runs a timer after another. */
export function afterMicrotasks(fn: () => void): void {
  // A tick that is requested by a microtask runs when the microtask queue is empty.
  queueMicrotask(() => nextTick(fn));
}
