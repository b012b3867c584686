import { invalidType } from "../arguments.ts";
import { Cancellation } from "./cancellation.ts";

export function requireSignal(signal: unknown, argument: string): asserts signal is AbortSignal {
  const candidate = signal as Partial<AbortSignal> | null | undefined;
  if (typeof candidate?.aborted !== "boolean" || typeof candidate.addEventListener !== "function") {
    throw invalidType(argument, "an AbortSignal", signal);
  }
}

/** Those who listen to one foreign signal, through one listener (rule 27): Node warns of more than ten. */
class SignalListeners {
  readonly #signal: AbortSignal;
  readonly #callbacks = new Set<() => void>();
  readonly #heard = (): void => {
    this.#leave();
    for (const callback of this.#callbacks) callback();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#heard);
  }

  add(callback: () => void): Disposable {
    this.#callbacks.add(callback);
    return {
      [Symbol.dispose]: () => {
        if (this.#callbacks.delete(callback) && this.#callbacks.size === 0) this.#leave();
      },
    };
  }

  #leave(): void {
    this.#signal.removeEventListener("abort", this.#heard);
    listeners.delete(this.#signal);
  }
}

const listeners = new WeakMap<AbortSignal, SignalListeners>();

function listenersOf(signal: AbortSignal): SignalListeners {
  let listening = listeners.get(signal);
  if (listening === undefined) {
    listening = new SignalListeners(signal);
    listeners.set(signal, listening);
  }
  return listening;
}

/** Calls back with what `signal` was aborted for, once, unless disposed of before. */
export function onAbort(signal: AbortSignal, callback: (cancellation: Cancellation) => void): Disposable {
  const aborted = (): void => {
    const cause: unknown = signal.reason;
    let name: unknown;
    let message: unknown;
    try {
      ({ name, message } = (cause ?? {}) as { name?: unknown; message?: unknown });
    } catch {
      // Somebody's reason may be anything, also an object that throws when it is looked at.
    }
    callback(
      new Cancellation(
        name === "TimeoutError" ? "timeout" : "manual",
        typeof message === "string" && message !== "" ? message : "AbortSignal was aborted",
        { cause },
      ),
    );
  };
  if (!signal.aborted) return listenersOf(signal).add(aborted);
  aborted();
  return { [Symbol.dispose]() {} };
}
