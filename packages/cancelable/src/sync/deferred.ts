import { requireText } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { WaitQueue } from "./wait-queue.ts";

/** Who waited for a {@link Deferred} that was cancelled gets this. No scope's cancellation: an error like any other. */
export class DeferredCancelledError extends Error {
  constructor(message = "The deferred value was cancelled") {
    super(message);
    this.name = "DeferredCancelledError";
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * A value that somebody brings later, once; everybody who waits gets it (anyio's `Future`). Unlike a bare
 * promise it may be waited for in many scopes, each of which may be cancelled, and settling it twice is an error.
 *
 * @example
 * ```ts
 * import { Deferred, taskGroup } from "@hother/cancelable";
 *
 * const address = new Deferred<string>();
 * await taskGroup(async (group) => {
 *   group.startSoon(async () => address.resolve("localhost:8080"));
 *   console.assert((await address.wait()) === "localhost:8080");
 * });
 * ```
 */
export class Deferred<T> {
  #outcome: Outcome<T> | undefined;
  readonly #waiters = new WaitQueue<T>();

  /** Whether it has a value or an error, or was cancelled. */
  get isSettled(): boolean {
    return this.#outcome !== undefined;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** @throws UsageError `ERR_ALREADY_SETTLED` when it is settled, or was cancelled. */
  resolve(value: T): void {
    this.#settle({ value });
  }

  /**
   * Who waits, now or later, gets this error.
   *
   * @throws UsageError `ERR_ALREADY_SETTLED` when it is settled, or was cancelled.
   */
  reject(error: unknown): void {
    this.#settle({ error });
  }

  /** Nobody will bring it: who waits gets a {@link DeferredCancelledError}. False, and nothing, once it is settled. */
  cancel(message?: string): boolean {
    requireText(message, "message");
    if (this.#outcome !== undefined) return false;
    this.#settle({ error: new DeferredCancelledError(message) });
    return true;
  }

  /** Waits for it. A checkpoint, also when it is there already. */
  wait(): Promise<T> {
    const node = currentNode();
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    const outcome = this.#outcome;
    if (outcome === undefined) return this.#waiters.join(node, undefined).promise;
    return "error" in outcome ? Promise.reject(outcome.error) : Promise.resolve(outcome.value);
  }

  #settle(outcome: Outcome<T>): void {
    if (this.#outcome !== undefined) throw new UsageError("ERR_ALREADY_SETTLED", "The deferred value");
    this.#outcome = outcome;
    if ("error" in outcome) this.#waiters.rejectAll(() => outcome.error);
    else
      for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift())
        waiter.resolve(outcome.value);
  }
}
