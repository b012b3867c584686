/** An emitter that reports the number of its listeners. */
export interface ListenerCounts {
  eventNames(): ReadonlyArray<string | symbol>;
  listenerCount(event: string | symbol): number;
}

/** Browsers do not report the resources that keep a page or a worker alive. */
export function activeHandles(): readonly string[] {
  return [];
}

/** Counts timers on other hosts. In browsers it always counts 0. */
export interface TimerWatch extends Disposable {
  run<T>(fn: () => T): T;
  count(): number;
}

export function watchTimers(): TimerWatch {
  return { run: (fn) => fn(), count: () => 0, [Symbol.dispose]() {} };
}

/** Browsers have no process, and so no listeners on it. */
export const processListeners: ListenerCounts = { eventNames: () => [], listenerCount: () => 0 };

/** Browsers do not report the number of listeners. */
export function listenersOn(_target: EventTarget, _event: string): number {
  return 0;
}
