import { requireText } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { Arm, type Selectable, wouldWait } from "./arm.ts";
import { LineOwner } from "./line-owner.ts";
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
 * A value that is set later, once, and that all waiters get (anyio: `Future`). Unlike a promise, a wait ends when the
 * scope of the waiter is cancelled, and an error that no code waits for is no unhandled rejection.
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
export class Deferred<T> extends LineOwner implements Selectable<T> {
  #outcome: Outcome<T> | undefined;
  #promise: Promise<T> | undefined;
  /** Settles {@link promise}, if the promise was made before the outcome. */
  #settlePromise: ((outcome: Outcome<T>) => void) | undefined;
  readonly #waiters = new WaitQueue<T>(this);

  /** Whether the deferred has a value or an error, or was cancelled. */
  get isSettled(): boolean {
    return this.#outcome !== undefined;
  }

  override get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * A promise of the value, for code that takes promises. No cancellation ends it. It is made at the first read. From then
   * on, an error that no code handles is an unhandled rejection, as for every promise.
   */
  get promise(): Promise<T> {
    this.#promise ??= new Promise<T>((resolve, reject) => {
      const settle = (outcome: Outcome<T>): void => {
        if ("error" in outcome) reject(outcome.error);
        else resolve(outcome.value);
      };
      if (this.#outcome === undefined) this.#settlePromise = settle;
      else settle(this.#outcome);
    });
    return this.#promise;
  }

  /**
   * All waiters, present and future, get this value. Returns false, without any effect, when the deferred is already
   * settled or cancelled.
   */
  resolve(value: T): boolean {
    return this.#settle({ value });
  }

  /**
   * All waiters, present and future, get this error. Returns false, without any effect, when the deferred is already
   * settled or cancelled.
   */
  reject(error: unknown): boolean {
    return this.#settle({ error });
  }

  /**
   * All waiters, present and future, get a {@link DeferredCancelledError}. Returns false, without any effect, when
   * the deferred is already settled or cancelled.
   */
  cancel(message?: string): boolean {
    requireText(message, "message");
    return this.#outcome === undefined && this.#settle({ error: new DeferredCancelledError(message) });
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

  override rejectWaiters(error: unknown): void {
    this.#waiters.rejectAll(() => error);
    this.tellIdle();
  }

  /** For `select`, not for user code. */
  get arm(): Arm<T> {
    return new Arm(
      () => {
        const outcome = this.#outcome;
        if (outcome === undefined) return wouldWait;
        if ("error" in outcome) throw outcome.error;
        return outcome.value;
      },
      (receiver) => this.#waiters.stand(receiver, undefined),
    );
  }

  protected override get isIdle(): boolean {
    return this.#waiters.size === 0;
  }

  #settle(outcome: Outcome<T>): boolean {
    if (this.#outcome !== undefined) return false;
    this.#outcome = outcome;
    if ("error" in outcome) this.#waiters.rejectAll(() => outcome.error);
    else
      for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift())
        waiter.resolve(outcome.value);
    this.#settlePromise?.(outcome);
    this.#settlePromise = undefined;
    this.tellIdle();
    return true;
  }
}
