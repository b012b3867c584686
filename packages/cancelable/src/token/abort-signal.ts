import { listenForAbort } from "#platform/abort";
import { invalidType } from "../arguments.ts";
import { isCancellationError } from "../errors.ts";
import { Cancellation } from "./cancellation.ts";
import { inWave } from "./wave.ts";

export function requireSignal(signal: unknown, argument: string): asserts signal is AbortSignal {
  const candidate = signal as Partial<AbortSignal> | null | undefined;
  if (typeof candidate?.aborted !== "boolean" || typeof candidate.addEventListener !== "function") {
    throw invalidType(argument, "an AbortSignal", signal);
  }
}

/** All callbacks for one foreign signal, behind one listener (rule 27). Node warns about more than ten listeners. */
class SignalListeners {
  readonly #signal: AbortSignal;
  readonly #callbacks = new Set<() => void>();
  #listener: Disposable;
  readonly #onAbort = (): void => {
    this.#listener[Symbol.dispose]();
    // Other code can dispatch an event of this name. The signal itself says whether it is aborted.
    if (!this.#signal.aborted) {
      this.#listener = listenForAbort(this.#signal, this.#onAbort);
      return;
    }
    listeners.delete(this.#signal);
    // One wave, so that no callback of a user runs before everything that follows the signal is cancelled (T4).
    inWave(() => {
      for (const callback of this.#callbacks) callback();
    });
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#listener = listenForAbort(signal, this.#onAbort);
  }

  add(callback: () => void): Disposable {
    this.#callbacks.add(callback);
    return {
      [Symbol.dispose]: () => {
        if (!this.#callbacks.delete(callback) || this.#callbacks.size > 0) return;
        this.#listener[Symbol.dispose]();
        listeners.delete(this.#signal);
      },
    };
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

/**
 * Calls `callback` once, with a cancellation that describes the signal's reason. If this reason is an error of this
 * library, its reason and message are kept. Calls it immediately if the signal
 * is already aborted. Disposing removes the callback.
 */
export function onAbort(signal: AbortSignal, callback: (cancellation: Cancellation) => void): Disposable {
  const aborted = (): void => {
    const cause: unknown = signal.reason;
    if (isCancellationError(cause)) {
      callback(new Cancellation(cause.reason, cause.message, { cause, fromSignal: true }));
      return;
    }
    let name: unknown;
    let message: unknown;
    try {
      ({ name, message } = (cause ?? {}) as { name?: unknown; message?: unknown });
    } catch {
      // The reason of a foreign signal can be any value, also an object whose getters throw.
    }
    callback(
      new Cancellation(
        name === "TimeoutError" ? "timeout" : "manual",
        typeof message === "string" && message !== "" ? message : "AbortSignal was aborted",
        { cause, fromSignal: true },
      ),
    );
  };
  if (!signal.aborted) return listenersOf(signal).add(aborted);
  aborted();
  return { [Symbol.dispose]() {} };
}
