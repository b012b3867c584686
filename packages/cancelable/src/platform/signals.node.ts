import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";
import { invalidType, outOfRange } from "../arguments.ts";
import { UsageError } from "../usage-error.ts";

/** One handler a signal, however many listen. */
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

/** Calls back for every arrival of a signal. The last one to stop listening takes the handler away. */
export function listenToSignal(signal: string, callback: () => void): Disposable {
  /* v8 ignore if -- @preserve a worker thread: q-signals.test.ts sees it from outside */
  if (!isMainThread)
    throw new UsageError("ERR_UNSUPPORTED_HOST", "A signal source", "worker threads get no signals");
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
  // Listening twice with one function counts twice.
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

/** Hands a signal that came too late for its receiver to who listens now. False if nobody does: the default is not done. */
export function resendSignal(signal: string): boolean {
  return process.emit(signal as NodeJS.Signals, signal as NodeJS.Signals);
}
