/*
 * The ambient store on hosts without AsyncLocalStorage (browsers, workers). It is set in the synchronous part of a
 * body and lost after the first `await`. Code after that `await` uses the explicit `op` or `parent`.
 */
let current: object | undefined;

/** Whether the ambient store is still set after an `await`. */
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

/**
 * Calls `fn` in a later microtask, in the order of the calls, with `store` as the ambient store. `fn` must not throw.
 */
export function startWith(store: object, fn: () => void): void {
  void now.then(() => runWith(store, fn, undefined));
}

export function captureContext(): <R>(fn: () => R) => R {
  const store = current;
  return (fn) => runWith(store, fn, undefined);
}

export function runOutside<R>(fn: () => R): R {
  return fn();
}
