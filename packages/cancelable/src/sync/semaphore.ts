import { outOfRange, requireCount, requireFunction } from "../arguments.ts";
import { requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { Lease, withLease } from "./lease.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { WaitQueue } from "./wait-queue.ts";

/**
 * A number of permits, handed out first come, first served. Code that did not acquire a permit may release one too.
 *
 * @example
 * ```ts
 * import { Semaphore } from "@hother/cancelable";
 *
 * const connections = new Semaphore(2);
 * using permit = await connections.acquire();
 * console.assert(connections.value === 1);
 * ```
 */
export class Semaphore {
  #value: number;
  readonly #max: number;
  readonly #waiters = new WaitQueue<Lease>();

  /**
   * @param initial The number of permits at first: a whole number of at least 0.
   * @param options.max The most free permits; a release above it is an error. Default: no limit.
   */
  constructor(initial: number, options?: { readonly max?: number | undefined }) {
    requireCount(initial, "initial", 0);
    requireKnownOptions(options, { max: 1 }, "Semaphore");
    const max = options?.max ?? Number.POSITIVE_INFINITY;
    requireCount(max, "options.max", 0);
    if (max < initial) throw outOfRange("options.max", `at least initial (${initial})`, max);
    this.#value = initial;
    this.#max = max;
  }

  /** The number of free permits. */
  get value(): number {
    return this.#value;
  }

  /** The number of waiters. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Waits for a permit. A checkpoint. A cancelled wait takes no permit. */
  acquire(options?: WaitOptions): Promise<Lease> {
    const node = options === undefined ? currentNode() : waitNode(options, "acquire");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    if (this.#value > 0) {
      this.#value--;
      return resolveFairly(node, new Lease(this));
    }
    return this.#waiters.join(node, undefined).promise;
  }

  /** Takes a permit at once; throws a `UsageError` `ERR_WOULD_BLOCK` when no permit is free. */
  acquireNowait(): Lease {
    if (this.#value <= 0) throw new UsageError("ERR_WOULD_BLOCK", "Semaphore");
    this.#value--;
    return new Lease(this);
  }

  /** Adds a permit, or hands it to the first waiter. Throws a `UsageError` above `max`. */
  release(): void {
    if (this.#waiters.size === 0 && this.#value >= this.#max) {
      throw new UsageError("ERR_RELEASED_TOO_OFTEN", "Semaphore", `max is ${this.#max}`);
    }
    const next = this.#waiters.shift();
    if (next === undefined) this.#value++;
    else next.resolve(new Lease(this));
  }

  /** Runs `body` with a permit. */
  async run<T>(body: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    requireFunction(body, "body");
    return withLease(this.acquire(options), body);
  }

  /** @internal */
  releaseLease(_lease: Lease): void {
    this.release();
  }
}
