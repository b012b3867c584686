import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** Calls `callback` for every event on the diagnostics channel `cancelable:operation`. `callback` must not throw. */
export function listenToOperations(callback: (event: unknown) => void): Disposable {
  // A function of its own for every call, so that the same callback can be added twice and removed once.
  const own = (event: unknown): void => callback(event);
  subscribe("cancelable:operation", own);
  return { [Symbol.dispose]: () => void unsubscribe("cancelable:operation", own) };
}
