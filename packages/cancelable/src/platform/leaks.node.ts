import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { getEventListeners } from "node:events";

/** What can be asked about its listeners. */
export interface ListenerCounts {
  eventNames(): ReadonlyArray<string | symbol>;
  listenerCount(event: string | symbol): number;
}

/** The kinds of what keeps the event loop alive, timers apart, one entry each; none where the host does not tell. */
export function activeHandles(): readonly string[] {
  return activeResources().filter((kind) => kind !== timer);
}

/** Of what keeps the event loop alive. */
const timer = "Timeout";

function activeResources(): readonly string[] {
  /* v8 ignore next -- @preserve hosts that are not Node: some do not tell */
  return (process as Partial<typeof process>).getActiveResourcesInfo?.() ?? [];
}

/** Sees the timers that `run`'s function makes, and what it starts: nobody else's, such as the test runner's. */
export interface TimerWatch extends Disposable {
  run<T>(fn: () => T): T;
  /** How many of them are set, and keep the process alive. */
  count(): number;
}

/** Where the host does not tell who makes a timer, it sees all. */
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

/** The process, with its handlers of operating-system signals. */
export const processListeners: ListenerCounts = process;

/** How many listeners a target has for an event; 0 where the host does not tell. */
export function listenersOn(target: EventTarget, event: string): number {
  return getEventListeners(target, event).length;
}
