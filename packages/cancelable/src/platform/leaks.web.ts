/** What can be asked about its listeners. */
export interface ListenerCounts {
  eventNames(): ReadonlyArray<string | symbol>;
  listenerCount(event: string | symbol): number;
}

/** No page and no worker tells what keeps it busy. */
export function activeResources(): readonly string[] | undefined {
  return undefined;
}

/** Would see the timers that the body of a leak check makes. */
export interface TimerWatch extends Disposable {
  run<T>(fn: () => T): T;
  count(): number;
}

export function watchTimers(): TimerWatch | undefined {
  return undefined;
}

export const processListeners: ListenerCounts | undefined = undefined;

export function listenersOn(_target: EventTarget, _event: string): number | undefined {
  return undefined;
}
