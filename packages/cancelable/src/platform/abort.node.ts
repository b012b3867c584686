import events from "node:events";

interface HostEvents {
  readonly addAbortListener?: (signal: AbortSignal, listener: () => void) => Disposable;
  readonly setMaxListeners?: (count: number, signal: AbortSignal) => void;
}

// Bun and Deno load this file too, and need not have both functions. A missing name of an import would be an error.
const { addAbortListener, setMaxListeners }: HostEvents = events;
let canSetMaxListeners = setMaxListeners !== undefined;

/**
 * Calls `listener` at the next `abort` event of the signal, also if another listener stops the propagation of the
 * event. Disposing removes the listener.
 */
export function listenForAbort(signal: AbortSignal, listener: () => void): Disposable {
  if (addAbortListener !== undefined) return addAbortListener(signal, listener);
  signal.addEventListener("abort", listener, { once: true, capture: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", listener, { capture: true }) };
}

/** Keeps the host from a warning about many listeners: any number of calls can use the signal of one operation. */
export function allowManyListeners(signal: AbortSignal): void {
  if (!canSetMaxListeners) return;
  try {
    setMaxListeners?.(0, signal);
  } catch {
    canSetMaxListeners = false;
  }
}
