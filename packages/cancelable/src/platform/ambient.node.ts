import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

/*
 * The ambient store on hosts with AsyncLocalStorage (Node, Bun, Deno): follows `await`, timers,
 * event emitters and callbacks.
 */
const storage = new AsyncLocalStorage<object>();

/**
 * From Node 24 on, a context is an immutable frame, and `storage.run` makes two of them: one to enter, one
 * to leave. Inside a resource's scope, which is left by putting back what was there, one is enough.
 */
/* v8 ignore next -- @preserve which host this is */
const hasFrames =
  Number.parseInt(process.versions.node, 10) >= 24 &&
  !("bun" in process.versions || "deno" in process.versions);

/** Called inside a resource's scope only: what it changes ends there. */
/* v8 ignore next -- @preserve Node 24 and later, where the whole suite passes as well (test:matrix) */
function enterHere(store: object, fn: (argument: unknown) => unknown, argument: unknown): unknown {
  storage.enterWith(store);
  return fn(argument);
}

/** Whether what was entered is still there after an `await`. */
export const followsAwait = true;

export function getStore(): object | undefined {
  return storage.getStore();
}

/** Calls `fn(argument)` with `store` in the async context of now. */
export function runWith<A, R>(store: object, fn: (argument: A) => R, argument: A): R {
  /* v8 ignore if -- @preserve Node 24 and later */
  if (hasFrames) {
    const resource = new AsyncResource("cancelable:scope");
    return resource.runInAsyncScope(enterHere, undefined, store, fn, argument) as R; // what `fn` gives
  }
  return storage.run(store, fn, argument);
}

interface Start {
  readonly context: AsyncResource;
  readonly store: object;
  readonly fn: () => void;
}

let starting: Start[] | undefined;

/* v8 ignore next -- @preserve Node 24 and later */
function startBatch(): void {
  const batch = starting as Start[];
  starting = undefined;
  for (const { context, store, fn } of batch)
    context.runInAsyncScope(enterHere, undefined, store, fn, undefined);
}

const now = Promise.resolve();

/** Calls `fn` in a later microtask, in order, in the async context of now with `store` in it. `fn` never throws. */
export function startWith(store: object, fn: () => void): void {
  /* v8 ignore if -- @preserve Node 24 and later */
  if (hasFrames) {
    const start: Start = { context: new AsyncResource("cancelable:task"), store, fn };
    if (starting !== undefined) starting.push(start);
    else {
      starting = [start];
      void now.then(startBatch);
    }
    return;
  }
  void now.then(() => storage.run(store, fn));
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
