/** What a lease gives back to. */
interface Lender {
  /** @internal */
  giveBack(lease: Lease): void;
}

/**
 * Something acquired, to be given back by disposing it, once: `using lease = await lock.acquire()`.
 * Disposing it again does nothing.
 */
export class Lease implements Disposable {
  #lender: Lender | undefined;
  /** @internal Who it is for, where that matters. */
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

  [Symbol.dispose](): void {
    const lender = this.#lender;
    this.#lender = undefined;
    lender?.giveBack(this);
  }
}

/** Runs `body` with a lease, and gives it back however that ends. */
export async function withLease<T>(lease: Promise<Lease>, body: () => T | PromiseLike<T>): Promise<T> {
  const held = await lease;
  try {
    return await body();
  } finally {
    held[Symbol.dispose]();
  }
}
