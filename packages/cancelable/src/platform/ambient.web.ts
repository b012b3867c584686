/*
 * The ambient store where the host has no AsyncLocalStorage (browsers, workers): right in the
 * synchronous part of a body, gone after its first `await`. The explicit `op` does the rest.
 */
let current: object | undefined;

/** Whether the store follows `await`. */
export const followsAwait = false;

export function getStore(): object | undefined {
  return current;
}

export function runWith<A, R>(store: object, fn: (argument: A) => R, argument: A): R {
  const before = current;
  current = store;
  try {
    return fn(argument);
  } finally {
    current = before;
  }
}

export function captureContext(): (fn: () => void) => void {
  const store = current;
  return (fn) => {
    const before = current;
    current = store;
    try {
      fn();
    } finally {
      current = before;
    }
  };
}

export function runOutside<R>(fn: () => R): R {
  return fn();
}
