/** The lock, semaphore or limiter that a lease belongs to. */
interface Lender {
  /** @internal */
  releaseLease(lease: Lease): void;
}

/**
 * An acquired lock, permit or token, until it is released: `using lease = await lock.acquire()`, or `lease.release()`.
 * Releasing again does nothing.
 */
export class Lease implements Disposable {
  #lender: Lender | undefined;
  /** @internal The task that owns the lock, or the key of the borrower. `undefined` for a semaphore. */
  readonly holder: unknown;

  /** @internal */
  constructor(lender: Lender, holder?: unknown) {
    this.#lender = lender;
    this.holder = holder;
  }

  /** @internal */
  get isReleased(): boolean {
    return this.#lender === undefined;
  }

  /** Gives back what was acquired. */
  release(): void {
    const lender = this.#lender;
    this.#lender = undefined;
    lender?.releaseLease(this);
  }

  /** As {@link release}. */
  [Symbol.dispose](): void {
    this.release();
  }
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
