/*
 * The ambient store where the host has no AsyncLocalStorage (browsers, workers): right in the
 * synchronous part of a body, gone after its first `await`. The explicit `op` does the rest.
 */
let current: object | undefined;

/** Whether what was entered is still there after an `await`. */
export const followsAwait = false;

export function getStore(): object | undefined {
  return current;
}

export function runWith<A, R>(store: object | undefined, fn: (argument: A) => R, argument: A): R {
  const before = current;
  current = store;
  try {
    return fn(argument);
  } finally {
    current = before;
  }
}

const now = Promise.resolve();

/** Calls `fn` in a later microtask, in order, with `store`. `fn` never throws. */
export function startWith(store: object, fn: () => void): void {
  void now.then(() => runWith(store, fn, undefined));
}

export function captureContext(): (fn: () => void) => void {
  const store = current;
  return (fn) => runWith(store, fn, undefined);
}

export function runOutside<R>(fn: () => R): R {
  return fn();
}
