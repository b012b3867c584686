import { keepPlace, placesAreKept } from "../place.ts";

/** The lock, semaphore or limiter that a lease belongs to. */
interface LeaseOwner {
  /** @internal */
  releaseLease(lease: Lease): void;
}

/**
 * An acquired lock, or acquired permits or tokens, until their release: `using lease = await lock.acquire()`, or
 * `lease.release()`.
 */
export class Lease implements Disposable {
  #owner: LeaseOwner | undefined;
  /** @internal The task that owns the lock, or the key of the borrower. `undefined` for a semaphore. */
  readonly holder: unknown;

  /** @internal */
  constructor(owner: LeaseOwner, holder?: unknown) {
    this.#owner = owner;
    this.holder = holder;
    if (placesAreKept) keepPlace(this);
  }

  /** @internal */
  get isReleased(): boolean {
    return this.#owner === undefined;
  }

  /** @internal The number of permits. */
  get weight(): number {
    return 1;
  }

  /** Releases the lock or the permits. Returns false, without any effect, if they were released before. */
  release(): boolean {
    const owner = this.#owner;
    this.#owner = undefined;
    if (owner === undefined) return false;
    owner.releaseLease(this);
    return true;
  }

  /** As {@link release}. */
  [Symbol.dispose](): void {
    this.release();
  }
}

/** A lease of several permits. A class of its own, because most leases need no field for their weight. */
class WeightedLease extends Lease {
  readonly #weight: number;

  constructor(owner: LeaseOwner, holder: unknown, weight: number) {
    super(owner, holder);
    this.#weight = weight;
  }

  override get weight(): number {
    return this.#weight;
  }
}

/** @internal */
export function leaseOf(owner: LeaseOwner, holder: unknown, weight: number): Lease {
  return weight === 1 ? new Lease(owner, holder) : new WeightedLease(owner, holder, weight);
}

/** Runs `body` with a lease, and releases the lease when the body has ended in any way. */
export async function withLease<T>(lease: Promise<Lease>, body: () => T | PromiseLike<T>): Promise<T> {
  const held = await lease;
  try {
    return await body();
  } finally {
    held.release();
  }
}
