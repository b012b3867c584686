import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";
import { invalidType, outOfRange } from "../arguments.ts";
import { UsageError } from "../usage-error.ts";

/** One handler per signal, shared by all callbacks. */
const listeners = new Map<string, { readonly callbacks: Set<() => void>; readonly handler: () => void }>();

export function requireSignalName(signal: unknown, argument: string): void {
  if (typeof signal !== "string")
    throw invalidType(argument, 'the name of a signal, such as "SIGINT"', signal);
  if (!Object.hasOwn(constants.signals, signal)) {
    throw outOfRange(argument, 'the name of a signal that this system has, such as "SIGINT"', signal);
  }
  if (signal === "SIGKILL" || signal === "SIGSTOP")
    throw outOfRange(argument, "a signal that can be handled", signal);
}

/** Calls `callback` for every arrival of a signal. When the last callback is removed, the handler is removed too. */
export function listenToSignal(signal: string, callback: () => void): Disposable {
  /* v8 ignore if -- @preserve only in a worker thread: a test starts one */
  if (!isMainThread)
    throw new UsageError("ERR_UNSUPPORTED_HOST", "A signal source", "worker threads receive no signals");
  let entry = listeners.get(signal);
  if (entry === undefined) {
    const callbacks = new Set<() => void>();
    const handler = (): void => {
      for (const call of [...callbacks]) call();
    };
    entry = { callbacks, handler };
    process.on(signal, handler);
    listeners.set(signal, entry);
  }
  const { callbacks, handler } = entry;
  // A function of its own for every call, so that the same callback can be added twice and removed once.
  const own = (): void => callback();
  callbacks.add(own);
  return {
    [Symbol.dispose]() {
      if (!callbacks.delete(own) || callbacks.size > 0) return;
      process.removeListener(signal, handler);
      listeners.delete(signal);
    },
  };
}

/**
 * Emits a signal again, for the other listeners of the process. Returns false if there is none. The default action of
 * the signal is not performed.
 */
export function resendSignal(signal: string): boolean {
  return process.emit(signal as NodeJS.Signals, signal as NodeJS.Signals);
}
