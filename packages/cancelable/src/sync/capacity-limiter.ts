import { requireCount, requireFunction } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { Lease, withLease } from "./lease.ts";
import { WaitQueue } from "./wait-queue.ts";

/**
 * A bound on how many do something at the same time, which may be changed while it is in use. Each
 * borrower holds at most one of its tokens: the current task, or any key that is given (anyio, trio:
 * `CapacityLimiter`). Outside of any task every borrowing is its own.
 *
 * @example
 * ```ts
 * import { CapacityLimiter } from "@hother/cancelable";
 *
 * const limiter = new CapacityLimiter(4);
 * await limiter.run(async () => console.assert(limiter.available === 3));
 * limiter.total = 8;
 * ```
 */
export class CapacityLimiter {
  #total: number;
  readonly #borrowers = new Map<unknown, Lease>();
  readonly #waiters = new WaitQueue<Lease, unknown>();

  /** @param total How many at the same time: a whole number of at least 0, or Infinity. */
  constructor(total: number) {
    requireCount(total, "total", 0);
    this.#total = total;
  }

  get total(): number {
    return this.#total;
  }

  /** Raising it wakes as many as now fit; lowering it below what is borrowed waits until enough is given back. */
  set total(total: number) {
    requireCount(total, "total", 0);
    this.#total = total;
    this.#serve();
  }

  get borrowed(): number {
    return this.#borrowers.size;
  }

  /** Tokens that are free; negative when the total was lowered below what is borrowed. */
  get available(): number {
    return this.#total - this.#borrowers.size;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Who has borrowed: tasks, or the keys that were given. */
  get borrowers(): readonly unknown[] {
    return [...this.#borrowers.keys()];
  }

  /**
   * Waits for a token. A checkpoint; cancelled while waiting, it leaves the line.
   *
   * @param borrower For whom. Default: the current task.
   */
  acquire(borrower?: unknown): Promise<Lease> {
    const node = currentNode();
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    const key = borrower ?? node.task ?? Symbol("borrower");
    try {
      this.#requireNew(key);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.available > 0 && this.#waiters.size === 0) return Promise.resolve(this.#lend(key));
    return this.#waiters.join(node, key).promise;
  }

  /** A token at once, or a `UsageError` with code `ERR_WOULD_BLOCK`. */
  acquireNowait(borrower?: unknown): Lease {
    const key = borrower ?? currentNode().task ?? Symbol("borrower");
    this.#requireNew(key);
    if (this.available <= 0 || this.#waiters.size > 0)
      throw new UsageError("ERR_WOULD_BLOCK", "CapacityLimiter");
    return this.#lend(key);
  }

  /** Gives back what `borrower` (default: the current task) holds. */
  release(borrower?: unknown): void {
    const lease = this.#borrowers.get(borrower ?? currentNode().task);
    if (lease === undefined) throw new UsageError("ERR_NOT_HELD", "CapacityLimiter");
    lease[Symbol.dispose]();
  }

  /** Runs `body` with a token. */
  async run<T>(body: () => T | PromiseLike<T>, borrower?: unknown): Promise<T> {
    requireFunction(body, "body");
    return withLease(this.acquire(borrower), body);
  }

  /** @internal */
  giveBack(lease: Lease): void {
    this.#borrowers.delete(lease.holder);
    this.#serve();
  }

  #lend(key: unknown): Lease {
    const lease = new Lease(this, key);
    this.#borrowers.set(key, lease);
    return lease;
  }

  #serve(): void {
    while (this.available > 0) {
      const next = this.#waiters.shift();
      if (next === undefined) return;
      // Its borrower may have got one in the meantime, or stands in line twice.
      if (this.#borrowers.has(next.payload))
        next.reject(new UsageError("ERR_ALREADY_HELD", "CapacityLimiter"));
      else next.resolve(this.#lend(next.payload));
    }
  }

  #requireNew(key: unknown): void {
    if (this.#borrowers.has(key)) throw new UsageError("ERR_ALREADY_HELD", "CapacityLimiter");
  }
}
