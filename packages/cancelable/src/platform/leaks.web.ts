/** What can be asked about its listeners. */
export interface ListenerCounts {
  eventNames(): ReadonlyArray<string | symbol>;
  listenerCount(event: string | symbol): number;
}

/** No page and no worker tells what keeps it busy. */
export function activeHandles(): readonly string[] {
  return [];
}

/** Would see the timers that the body of a leak check makes. */
export interface TimerWatch extends Disposable {
  run<T>(fn: () => T): T;
  count(): number;
}

export function watchTimers(): TimerWatch {
  return { run: (fn) => fn(), count: () => 0, [Symbol.dispose]() {} };
}

/** There is no process. */
export const processListeners: ListenerCounts = { eventNames: () => [], listenerCount: () => 0 };

export function listenersOn(_target: EventTarget, _event: string): number {
  return 0;
}
