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
  /* v8 ignore else -- @preserve hosts without the function */
  if (addAbortListener !== undefined) return addAbortListener(signal, listener);
  /* v8 ignore next -- @preserve hosts without the function */
  signal.addEventListener("abort", listener, { once: true, capture: true });
  /* v8 ignore next -- @preserve hosts without the function */
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", listener, { capture: true }) };
}

/** Keeps the host from a warning about many listeners: any number of calls can use the signal of one operation. */
export function allowManyListeners(signal: AbortSignal): void {
  /* v8 ignore if -- @preserve hosts without the function */
  if (!canSetMaxListeners) return;
  try {
    // Not 0, which means the same: on Node 20 `getMaxListeners` throws then, and so does the `fetch` of undici.
    setMaxListeners?.(Number.POSITIVE_INFINITY, signal);
  } catch {
    /* v8 ignore next -- @preserve hosts whose function takes emitters only */
    canSetMaxListeners = false;
  }
}
