import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

/*
 * The ambient store on hosts with AsyncLocalStorage (Node, Bun, Deno): follows `await`, timers,
 * event emitters and callbacks. Entered by callback only: `enterWith` would overwrite the caller's.
 */
const storage = new AsyncLocalStorage<object>();

/** Whether the store follows `await`. */
export const followsAwait = true;

export function getStore(): object | undefined {
  return storage.getStore();
}

export function runWith<A, R>(store: object, fn: (argument: A) => R, argument: A): R {
  return storage.run(store, fn, argument);
}

/** A function that runs others in the async context of now: the user's own stores included. */
export function captureContext(): (fn: () => void) => void {
  const resource = new AsyncResource("cancelable:callback");
  return (fn) => resource.runInAsyncScope(fn);
}

const outside = new AsyncResource("cancelable:outside");

/** Runs `fn` in the async context of this module's start: what it keeps alive belongs to no request. */
export function runOutside<R>(fn: () => R): R {
  return outside.runInAsyncScope(fn);
}
