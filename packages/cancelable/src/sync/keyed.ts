import { invalidType, requireFunction } from "../arguments.ts";
import type { CapacityLimiter } from "./capacity-limiter.ts";
import type { Lease } from "./lease.ts";
import { LineOwner } from "./line-owner.ts";
import type { Lock } from "./lock.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import type { Semaphore } from "./semaphore.ts";
import type { Receiver } from "./wait-queue.ts";

/** The primitives that {@link Keyed} makes for its keys. */
export type KeyedPrimitive = Lock | Semaphore | CapacityLimiter | RateLimiter;

/** The primitive of one key, until it is unused. */
class Entry<P extends KeyedPrimitive> implements Receiver<void> {
  readonly primitive: P;
  readonly task: undefined;
  /** Whether the primitive will tell when it is idle. */
  #isWatched = false;
  readonly #remove: () => void;

  constructor(primitive: P, remove: () => void) {
    this.primitive = primitive;
    this.#remove = remove;
  }

  /** Called after each use. */
  watch(): void {
    if (this.#isWatched) return;
    if (this.primitive.isUnused) return this.#remove();
    this.#isWatched = true;
    this.primitive.standForIdle(this);
  }

  resolve(): void {
    this.#isWatched = false;
    if (this.primitive.isUnused) this.#remove();
  }

  /* v8 ignore next -- @preserve no primitive rejects the calls of its `whenIdle` */
  reject(): void {}
}

/**
 * One lock, semaphore, limiter or rate limiter for each key. The primitive of a key is made when the key is first used. It
 * is dropped when no caller holds it or waits for it, and a rate limiter has all its starts back. So any number of keys can
 * come and go.
 *
 * `Keyed` hands out leases and never the primitive: a primitive that a caller kept, beside a new one for the same key, would
 * let two callers in. A lock that is broken, because its task ended without releasing it, stays. It refuses its key for ever.
 *
 * @example
 * ```ts
 * import { Lock } from "@hother/cancelable";
 * import { Keyed } from "@hother/cancelable/sync";
 *
 * const accounts = new Keyed(() => new Lock());
 * await accounts.run("alice", async () => console.assert(accounts.size === 1));
 * console.assert(accounts.size === 0);
 * ```
 */
export class Keyed<K, P extends KeyedPrimitive> {
  readonly #make: (key: K) => P;
  readonly #entries = new Map<K, Entry<P>>();

  /** @param make Makes the primitive of a key. If it throws, the call that needs it rejects with the error. */
  constructor(make: (key: K) => P) {
    requireFunction(make, "make");
    this.#make = make;
  }

  /** The number of keys in use. */
  get size(): number {
    this.#dropUnused(this.#entries.size);
    return this.#entries.size;
  }

  /** As `acquire` of the primitive of `key`, with its options. A checkpoint. */
  acquire(key: K, options?: Parameters<P["acquire"]>[0]): ReturnType<P["acquire"]> {
    let entry: Entry<P>;
    try {
      entry = this.#entries.get(key) ?? this.#add(key);
    } catch (error) {
      return Promise.reject(error) as ReturnType<P["acquire"]>; // a rejection has no value, so its type does not matter
    }
    const acquired = entry.primitive.acquire(options as never) as ReturnType<P["acquire"]>; // of the same P
    entry.watch();
    return acquired;
  }

  /** Runs `body` with the lease of `key`, or after a start of its rate limiter. */
  async run<T>(key: K, body: () => T | PromiseLike<T>, options?: Parameters<P["acquire"]>[0]): Promise<T> {
    requireFunction(body, "body");
    const lease: Lease | void = await this.acquire(key, options);
    try {
      return await body();
    } finally {
      lease?.release();
    }
  }

  #add(key: K): Entry<P> {
    // A rate limiter gets its starts back as time passes, without a timer. So each new key looks at two other keys.
    this.#dropUnused(2);
    const primitive: unknown = this.#make(key);
    if (!(primitive instanceof LineOwner) || !("acquire" in primitive))
      throw invalidType("the result of make", "a Lock, Semaphore, CapacityLimiter or RateLimiter", primitive);
    // `make` may have asked for the same key. Two primitives would let two callers in.
    const inner = this.#entries.get(key);
    if (inner !== undefined) return inner;
    const entry = new Entry<P>(primitive as P, () => this.#entries.delete(key));
    this.#entries.set(key, entry);
    return entry;
  }

  /** Looks at the oldest entries, and drops the unused ones. The others become the newest. */
  #dropUnused(count: number): void {
    let left = Math.min(count, this.#entries.size);
    for (const [key, entry] of this.#entries) {
      if (left-- === 0) return;
      this.#entries.delete(key);
      if (!entry.primitive.isUnused) this.#entries.set(key, entry);
    }
  }
}
