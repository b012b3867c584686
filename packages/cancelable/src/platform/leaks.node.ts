import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { getEventListeners } from "node:events";

/** What can be asked about its listeners. */
export interface ListenerCounts {
  eventNames(): ReadonlyArray<string | symbol>;
  listenerCount(event: string | symbol): number;
}

/** The kinds of what keeps the event loop alive, one entry each; undefined where the host does not tell. */
export function activeResources(): readonly string[] | undefined {
  const { getActiveResourcesInfo } = process as Partial<typeof process>;
  return getActiveResourcesInfo?.call(process);
}

/** Sees the timers that `run`'s function makes, and what it starts: nobody else's, such as the test runner's. */
export interface TimerWatch extends Disposable {
  run<T>(fn: () => T): T;
  /** How many of them are set, and keep the process alive. */
  count(): number;
}

/** Undefined where the host does not tell who makes a timer: there {@link activeResources} has them all. */
export function watchTimers(): TimerWatch | undefined {
  if ("bun" in process.versions || "deno" in process.versions) return undefined;
  const inside = new AsyncLocalStorage<true>();
  const timers = new Map<number, NodeJS.Timeout>();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      if (type === "Timeout" && inside.getStore() === true) timers.set(id, resource as NodeJS.Timeout);
    },
    destroy(id) {
      timers.delete(id);
    },
  }).enable();
  return {
    run: (fn) => inside.run(true, fn),
    count: () => [...timers.values()].filter((timer) => timer.hasRef()).length,
    [Symbol.dispose]() {
      hook.disable();
    },
  };
}

/** The process, with its handlers of operating-system signals. */
export const processListeners: ListenerCounts | undefined = process;

/** How many listeners a target has for an event; undefined where the host does not tell. */
export function listenersOn(target: EventTarget, event: string): number | undefined {
  return getEventListeners(target, event).length;
}
