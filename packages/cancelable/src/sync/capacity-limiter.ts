import { requireCount, requireFunction } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { Lease, withLease } from "./lease.ts";
import { WaitQueue } from "./wait-queue.ts";

/**
 * Limits how many borrowers run at the same time (anyio, trio: `CapacityLimiter`). The limit can be changed while
 * the limiter is in use. The borrower is the current task, or a key that the caller gives, and holds at most one
 * token. Outside of any task, each call without a key is a borrower of its own.
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

  /** @param total The number of tokens: a whole number of at least 0, or Infinity. */
  constructor(total: number) {
    requireCount(total, "total", 0);
    this.#total = total;
  }

  /** The number of tokens. */
  get total(): number {
    return this.#total;
  }

  /**
   * Raising the total wakes as many waiters as there are new tokens. Lowering it takes no token away: until
   * `borrowed` is below the total, no token is handed out.
   */
  set total(total: number) {
    requireCount(total, "total", 0);
    this.#total = total;
    this.#serve();
  }

  /** The number of borrowed tokens. */
  get borrowed(): number {
    return this.#borrowers.size;
  }

  /** The number of free tokens. Negative after the total was lowered below the number of borrowed tokens. */
  get available(): number {
    return this.#total - this.#borrowers.size;
  }

  /** The number of waiters. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** The borrowers that hold a token: tasks, or the keys that were given. */
  get borrowers(): readonly unknown[] {
    return [...this.#borrowers.keys()];
  }

  /**
   * Waits for a token. A checkpoint. A cancelled wait takes no token.
   *
   * @param borrower The key of the borrower. Default: the current task.
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

  /** Takes a token at once; throws a `UsageError` `ERR_WOULD_BLOCK` when no token is free. */
  acquireNowait(borrower?: unknown): Lease {
    const key = borrower ?? currentNode().task ?? Symbol("borrower");
    this.#requireNew(key);
    if (this.available <= 0 || this.#waiters.size > 0)
      throw new UsageError("ERR_WOULD_BLOCK", "CapacityLimiter");
    return this.#lend(key);
  }

  /** Releases the token of `borrower`. Default: the current task. */
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
  releaseLease(lease: Lease): void {
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
      // The borrower may have got a token since it began to wait, or may wait twice.
      if (this.#borrowers.has(next.payload))
        next.reject(new UsageError("ERR_ALREADY_HELD", "CapacityLimiter"));
      else next.resolve(this.#lend(next.payload));
    }
  }

  #requireNew(key: unknown): void {
    if (this.#borrowers.has(key)) throw new UsageError("ERR_ALREADY_HELD", "CapacityLimiter");
  }
}
