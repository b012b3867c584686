import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { getEventListeners } from "node:events";

/** An emitter that reports the number of its listeners. */
export interface ListenerCounts {
  eventNames(): ReadonlyArray<string | symbol>;
  listenerCount(event: string | symbol): number;
}

/**
 * The kinds of the resources that keep the event loop alive, except timers, one entry per resource. Empty if the host
 * does not report them.
 */
export function activeHandles(): readonly string[] {
  return activeResources().filter((kind) => kind !== timer);
}

/** The kind of a timer in `getActiveResourcesInfo()`. */
const timer = "Timeout";

function activeResources(): readonly string[] {
  /* v8 ignore next -- @preserve hosts that are not Node: some do not have this function */
  return (process as Partial<typeof process>).getActiveResourcesInfo?.() ?? [];
}

/**
 * Counts the timers that are set in the async context of `run`. Timers of other code, such as the test runner, do not
 * count.
 */
export interface TimerWatch extends Disposable {
  run<T>(fn: () => T): T;
  /** The number of timers that are set and keep the process alive. */
  count(): number;
}

/**
 * Starts to count timers. Bun and Deno do not report the origin of a timer; there all timers of the process count.
 */
export function watchTimers(): TimerWatch {
  /* v8 ignore if -- @preserve hosts that are not Node */
  if ("bun" in process.versions || "deno" in process.versions) {
    return {
      run: (fn) => fn(),
      count: () => activeResources().filter((kind) => kind === timer).length,
      [Symbol.dispose]() {},
    };
  }
  const inside = new AsyncLocalStorage<true>();
  const timers = new Map<number, NodeJS.Timeout>();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      if (type === timer && inside.getStore() === true) timers.set(id, resource as NodeJS.Timeout);
    },
    destroy(id) {
      timers.delete(id);
    },
  }).enable();
  return {
    run: (fn) => inside.run(true, fn),
    count: () => [...timers.values()].filter((one) => one.hasRef()).length,
    [Symbol.dispose]() {
      hook.disable();
    },
  };
}

/** The process, whose listeners include the handlers of operating-system signals. */
export const processListeners: ListenerCounts = process;

/** The number of listeners that `target` has for `event`. */
export function listenersOn(target: EventTarget, event: string): number {
  return getEventListeners(target, event).length;
}
