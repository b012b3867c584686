import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { WaitQueue } from "./wait-queue.ts";

/**
 * A flag that is set once and wakes all waiters. `AsyncEvent` is the same class, for modules that also use the `Event`
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
export class Event {
  #set = false;
  readonly #waiters = new WaitQueue<void>();

  /** Whether `set()` was called. */
  get isSet(): boolean {
    return this.#set;
  }

  /** The number of waiters. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Sets the flag and wakes all waiters. Later waits return at once. */
  set(): void {
    this.#set = true;
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift())
      waiter.resolve();
  }

  /** Waits until the flag is set. A checkpoint, also when the flag is already set. */
  wait(options?: WaitOptions): Promise<void> {
    const node = options === undefined ? currentNode() : waitNode(options, "wait");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    return this.#set ? resolveFairly(node, undefined) : this.#waiters.join(node, undefined).promise;
  }
}
