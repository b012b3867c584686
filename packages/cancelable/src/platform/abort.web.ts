/**
 * Calls `listener` at the next `abort` event of the signal. Disposing removes the listener. Capturing listeners run
 * first, so that listeners which stop the propagation of the event do not hide it.
 */
export function listenForAbort(signal: AbortSignal, listener: () => void): Disposable {
  signal.addEventListener("abort", listener, { once: true, capture: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", listener, { capture: true }) };
}

/** Only Node warns about many listeners. */
export function allowManyListeners(_signal: AbortSignal): void {}
