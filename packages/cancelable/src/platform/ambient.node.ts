import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

/*
 * The ambient store on hosts with AsyncLocalStorage (Node, Bun, Deno). It follows `await`, timers, event emitters and
 * callbacks.
 */
const storage = new AsyncLocalStorage<object>();

/**
 * Whether an async context is an immutable frame, as on Node 24 and later. There `storage.run` creates two frames:
 * one to enter and one to leave. `AsyncResource.runInAsyncScope` restores the previous context, so inside it one
 * frame is enough. Node ends the process if the stack overflows inside `runInAsyncScope`. So only code that starts on
 * an empty stack uses it.
 */
/* v8 ignore next -- @preserve depends on the host */
const hasFrames =
  Number.parseInt(process.versions.node, 10) >= 24 &&
  !("bun" in process.versions || "deno" in process.versions);

/** To be called only inside `runInAsyncScope`, which restores the previous store. */
/* v8 ignore next -- @preserve Node 24 and later, where test:matrix runs the whole suite */
function enterHere(store: object, fn: (argument: unknown) => unknown, argument: unknown): unknown {
  storage.enterWith(store);
  return fn(argument);
}

/** Whether the ambient store is still set after an `await`. */
export const followsAwait = true;

export function getStore(): object | undefined {
  return storage.getStore();
}

/** Calls `fn(argument)` in the current async context, with `store` as the ambient store. */
export function runWith<A, R>(store: object, fn: (argument: A) => R, argument: A): R {
  return storage.run(store, fn, argument);
}

interface Start {
  readonly context: AsyncResource;
  readonly store: object;
  readonly fn: () => void;
}

/** The calls of the next microtask: one microtask for all of them. */
let starting: Start[] | undefined;

/* v8 ignore next -- @preserve Node 24 and later */
function startBatch(): void {
  const batch = starting as Start[];
  starting = undefined;
  for (const { context, store, fn } of batch)
    context.runInAsyncScope(enterHere, undefined, store, fn, undefined);
}

const now = Promise.resolve();

/**
 * Calls `fn` in a later microtask, in the order of the calls, in the current async context with `store` as the
 * ambient store. `fn` must not throw.
 */
export function startWith(store: object, fn: () => void): void {
  /* v8 ignore if -- @preserve Node 24 and later */
  if (hasFrames) {
    const start: Start = { context: new AsyncResource("cancelable:task"), store, fn };
    if (starting === undefined) {
      // Before the assignment: `then` throws if the stack is used up, and then no microtask would take the batch.
      void now.then(startBatch);
      starting = [];
    }
    starting.push(start);
    return;
  }
  void now.then(() => storage.run(store, fn));
}

/** Returns a function that runs other functions in the current async context, including the user's own stores. */
export function captureContext(): <R>(fn: () => R) => R {
  const resource = new AsyncResource("cancelable:callback");
  return (fn) => resource.runInAsyncScope(fn);
}

const outside = new AsyncResource("cancelable:outside");

/**
 * Runs `fn` in the async context in which this module was loaded, so that a timer set by `fn` keeps no request alive.
 */
export function runOutside<R>(fn: () => R): R {
  return outside.runInAsyncScope(fn);
}
