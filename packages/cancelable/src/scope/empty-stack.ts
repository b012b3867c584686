/*
 * An error can mean that the stack is used up. Then every call in the handler of the error can throw again. So the
 * clean-up of a scope runs on an empty stack, and the code that schedules the clean-up makes no other call.
 */

/** A resolved promise. Its handlers run on an empty stack: `emptyStack.then(…)`, `await emptyStack`. */
export const emptyStack: Promise<void> = Promise.resolve();

/**
 * To be called on an empty stack for a promise that is about to reject with `error`. V8 can throw once more when a
 * function returns on a stack that is used up. Then the caller gets that error, and the promise has no owner: its
 * rejection must not end the process.
 */
export function releaseIfOverflow(promise: Promise<unknown>, error: unknown): void {
  try {
    /* v8 ignore if -- @preserve a stack that is used up: a test runs this in a process of its own */
    if (error instanceof RangeError && error.message.includes("call stack"))
      promise.then(undefined, () => {});
  } catch {
    // An error that throws when it is looked at does not come from the runtime.
  }
}

/** A scope or an operation that opened, and then had no stack for the code that would close it. */
export interface Unclosed {
  /** @internal */
  closeUnclosed(): void;
}

/**
 * The scopes for which even the scheduling of the clean-up has thrown. They are closed when the scope above waits for
 * them. An assignment adds one, into a place that exists already: a call would throw, and so can an object literal.
 */
export const unclosed: { readonly places: Array<Unclosed | undefined>; count: number } = {
  places: new Array<Unclosed | undefined>(256).fill(undefined),
  count: 0,
};

/* v8 ignore next -- @preserve a stack that is used up: a test runs this in a process of its own */
export function closeUnclosed(): void {
  while (unclosed.count > 0) {
    const place = --unclosed.count;
    const one = unclosed.places[place];
    unclosed.places[place] = undefined;
    one?.closeUnclosed();
  }
}
