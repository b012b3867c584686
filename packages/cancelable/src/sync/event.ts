import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { Arm, type Selectable, wouldWait } from "./arm.ts";
import { LineOwner } from "./line-owner.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { WaitQueue } from "./wait-queue.ts";

/**
 * A flag that wakes all waiters when it is set. `AsyncEvent` is the same class, for modules that also use the `Event`
 * of the DOM.
 *
 * @example
 * ```ts
 * import { Event } from "@hother/cancelable";
 *
 * const ready = new Event();
 * setImmediate(() => ready.set());
 * await ready.wait();
 * ```
 */
export class Event extends LineOwner implements Selectable<void> {
  #set = false;
  readonly #waiters = new WaitQueue<void>(this);

  /** Whether the flag is set. */
  get isSet(): boolean {
    return this.#set;
  }

  override get waiting(): number {
    return this.#waiters.size;
  }

  /** Sets the flag and wakes all waiters. Until {@link reset}, later waits return at once. */
  set(): void {
    this.#set = true;
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift())
      waiter.resolve();
    this.tellIdle();
  }

  /** Clears the flag. Calls that waited when it was set are woken all the same, and later calls wait. */
  reset(): void {
    this.#set = false;
  }

  /** Waits until the flag is set. A checkpoint, also when the flag is already set. */
  wait(options?: WaitOptions): Promise<void> {
    const node = options === undefined ? currentNode() : waitNode(options, "wait");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    return this.#set ? resolveFairly(node, undefined) : this.#waiters.join(node, undefined).promise;
  }

  override rejectWaiters(error: unknown): void {
    this.#waiters.rejectAll(() => error);
    this.tellIdle();
  }

  /** For `select`, not for user code. */
  get arm(): Arm<void> {
    return new Arm(
      () => (this.#set ? undefined : wouldWait),
      (receiver) => this.#waiters.stand(receiver, undefined),
    );
  }

  protected override get isIdle(): boolean {
    return this.#waiters.size === 0;
  }
}
