import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { type Receiver, WaitQueue } from "./wait-queue.ts";

/** A primitive with one or more lines of waiters. */
export abstract class LineOwner {
  /** Made by the first wait for the idle state. */
  #forIdle: WaitQueue<void> | undefined;

  /** The number of waiters. */
  abstract get waiting(): number;

  /**
   * Rejects the calls that wait now with `error`. The primitive goes on: holders keep their leases, and later calls wait as
   * before.
   */
  abstract rejectWaiters(error: unknown): void;

  /** Whether the primitive has no holder, no waiter and no item. */
  protected abstract get isIdle(): boolean;

  /**
   * Waits until the primitive is idle: it has no holder, no waiter and no item. A checkpoint.
   * Another call can use the primitive again before the code after the `await` runs.
   */
  whenIdle(options?: WaitOptions): Promise<void> {
    const node = options === undefined ? currentNode() : waitNode(options, "whenIdle");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    if (this.isIdle) return resolveFairly(node, undefined);
    this.#forIdle ??= new WaitQueue();
    return this.#forIdle.join(node, undefined).promise;
  }

  /** @internal Whether a new primitive would behave as this one does. */
  get isUnused(): boolean {
    return this.isIdle;
  }

  /** @internal Resolves `receiver` in the synchronous step in which the primitive becomes idle. */
  standForIdle(receiver: Receiver<void>): void {
    this.#forIdle ??= new WaitQueue();
    this.#forIdle.stand(receiver, undefined);
  }

  /**
   * @internal Called when an entry has left a line unserved. A primitive in which this can make room for the entries
   * behind it serves them here.
   */
  serve(): void {
    this.tellIdle();
  }

  /** To be called after each change that can make the primitive idle. */
  protected tellIdle(): void {
    const waiters = this.#forIdle;
    if (waiters === undefined || !this.isIdle) return;
    this.#forIdle = undefined;
    for (let waiter = waiters.shift(); waiter !== undefined; waiter = waiters.shift()) waiter.resolve();
  }
}
