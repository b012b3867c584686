import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** Calls back for everything published on `diagnostics_channel` `cancelable:operation`. `callback` never throws. */
export function listenToOperations(callback: (event: unknown) => void): Disposable {
  // Listening twice with one function counts twice.
  const own = (event: unknown): void => callback(event);
  subscribe("cancelable:operation", own);
  return { [Symbol.dispose]: () => void unsubscribe("cancelable:operation", own) };
}
