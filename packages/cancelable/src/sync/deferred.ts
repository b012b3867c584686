import { requireText } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { WaitQueue } from "./wait-queue.ts";

/** Waiters of a cancelled {@link Deferred} get this error. It is an ordinary error and not the cancellation of a scope. */
export class DeferredCancelledError extends Error {
  constructor(message = "The deferred value was cancelled") {
    super(message);
    this.name = "DeferredCancelledError";
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * A value that is set later, once, and that all waiters get (anyio: `Future`). Two differences to a promise: a
 * wait ends when the scope of the waiter is cancelled, and settling twice is an error.
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

  /** Whether the deferred has a value or an error, or was cancelled. */
  get isSettled(): boolean {
    return this.#outcome !== undefined;
  }

  /** The number of waiters. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * All waiters, present and future, get this value.
   *
   * @throws UsageError `ERR_ALREADY_SETTLED` when the deferred is already settled or cancelled.
   */
  resolve(value: T): void {
    this.#settle({ value });
  }

  /**
   * All waiters, present and future, get this error.
   *
   * @throws UsageError `ERR_ALREADY_SETTLED` when the deferred is already settled or cancelled.
   */
  reject(error: unknown): void {
    this.#settle({ error });
  }

  /**
   * All waiters, present and future, get a {@link DeferredCancelledError}. Returns false, without any effect, when
   * the deferred is already settled or cancelled.
   */
  cancel(message?: string): boolean {
    requireText(message, "message");
    if (this.#outcome !== undefined) return false;
    this.#settle({ error: new DeferredCancelledError(message) });
    return true;
  }

  /** Waits for the value. A checkpoint, also when the deferred is already settled. */
  wait(options?: WaitOptions): Promise<T> {
    const node = options === undefined ? currentNode() : waitNode(options, "wait");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    const outcome = this.#outcome;
    if (outcome === undefined) return this.#waiters.join(node, undefined).promise;
    return "error" in outcome ? Promise.reject(outcome.error) : resolveFairly(node, outcome.value);
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
