/** The items that a stream has delivered so far: `stream.partialResult`, and `context.partialResult` of its operation. */
export interface PartialResult<T = unknown> {
  /** The number of items. */
  readonly count: number;
  /** Whether the source came to its end. */
  readonly completed: boolean;
  /** The latest items, oldest first. Only with the option `bufferPartial`. */
  readonly items?: T[];
}

/** @internal Counts items, and keeps the latest `limit` items in a ring buffer. */
export class PartialRecord {
  count = 0;
  completed = false;
  readonly #limit: number;
  readonly #ring: unknown[] = [];
  /** Index of the oldest item, once the ring is full. */
  #oldest = 0;

  /** @param limit The number of items to keep; 0 keeps none. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(item: unknown): void {
    this.count++;
    if (this.#limit === 0) return;
    if (this.#ring.length < this.#limit) this.#ring.push(item);
    else {
      this.#ring[this.#oldest] = item;
      this.#oldest = (this.#oldest + 1) % this.#limit;
    }
  }

  /** Whether the operation's context shows this record. An empty stream without a buffer has no partial result. */
  get isShown(): boolean {
    return this.count > 0 || this.#limit > 0;
  }

  #items(): unknown[] {
    return [...this.#ring.slice(this.#oldest), ...this.#ring.slice(0, this.#oldest)];
  }

  /** A copy, as plain data. */
  snapshot(): PartialResult {
    const { count, completed } = this;
    return this.#limit === 0 ? { count, completed } : { count, completed, items: this.#items() };
  }

  /** A live view for the operation's context: each access reads the current values. */
  view(): PartialResult {
    const facts = {
      get: <K extends keyof PartialResult>(key: K): PartialResult[K] => this.snapshot()[key],
    };
    const base = {
      get count(): number {
        return facts.get("count");
      },
      get completed(): boolean {
        return facts.get("completed");
      },
    };
    if (this.#limit === 0) return base;
    return Object.defineProperty(base, "items", { enumerable: true, get: () => facts.get("items") });
  }
}
