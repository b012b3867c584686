import type { Cancellation } from "./cancellation.ts";
import { CancelNode, type Waiter } from "./tree.ts";

/** The node of a token that belongs to no operation. It can be closed. After that, nothing cancels it. */
export class TokenNode extends CancelNode {
  #isClosed = false;

  override get isClosed(): boolean {
    return this.#isClosed;
  }

  override cancel(cancellation: Cancellation, propagate = true): boolean {
    return !this.#isClosed && super.cancel(cancellation, propagate);
  }

  override wait(waiter: Waiter): void {
    if (this.#isClosed) waiter.nodeClosed(undefined);
    else super.wait(waiter);
  }

  /** Removes all waiters, in the order of their arrival, and tells them. */
  close(): void {
    this.#isClosed = true;
    const waiters: Waiter[] = [];
    for (let waiter = this.waiters; waiter !== undefined; waiter = waiter.next) waiters.push(waiter);
    for (const waiter of waiters.reverse()) {
      waiter.remove();
      waiter.nodeClosed(undefined);
    }
  }
}
