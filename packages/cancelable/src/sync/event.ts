import { currentNode } from "../scope/ambient.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { WaitQueue } from "./wait-queue.ts";

/**
 * A flag that is set once and wakes everybody who waits for it.
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

  get isSet(): boolean {
    return this.#set;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Wakes everybody who waits now, and whoever comes later. */
  set(): void {
    this.#set = true;
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift())
      waiter.resolve();
  }

  /** Waits until it is set. A checkpoint also when it has been. */
  wait(): Promise<void> {
    const node = currentNode();
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    return this.#set ? Promise.resolve() : this.#waiters.join(node, undefined).promise;
  }
}
