import type { ObservedOperation } from "../operation/observer.ts";

/** The operations of a registry that have not ended, in the order of registration. Several can have the same id. */
export class LiveOperations {
  readonly #operations = new Set<ObservedOperation>();
  /** The first operation of each id. */
  readonly #firsts = new Map<string, ObservedOperation>();
  /** The other operations of an id. Most ids have none. */
  readonly #others = new Map<string, Set<ObservedOperation>>();

  get size(): number {
    return this.#operations.size;
  }

  has(operation: ObservedOperation): boolean {
    return this.#operations.has(operation);
  }

  add(operation: ObservedOperation): void {
    this.#operations.add(operation);
    const { id } = operation;
    if (!this.#firsts.has(id)) {
      this.#firsts.set(id, operation);
      return;
    }
    const others = this.#others.get(id);
    if (others === undefined) this.#others.set(id, new Set([operation]));
    else others.add(operation);
  }

  remove(operation: ObservedOperation): void {
    this.#operations.delete(operation);
    const { id } = operation;
    const others = this.#others.get(id);
    if (others === undefined) {
      this.#firsts.delete(id);
      return;
    }
    if (!others.delete(operation)) {
      // The operation was the first of its id. The next one becomes the first.
      const [next] = others as Iterable<ObservedOperation> as [ObservedOperation]; // a set of others is never empty
      others.delete(next);
      this.#firsts.set(id, next);
    }
    if (others.size === 0) this.#others.delete(id);
  }

  /** The operation with this id that was registered first. */
  first(id: string): ObservedOperation | undefined {
    return this.#firsts.get(id);
  }

  /** All operations with this id. */
  withId(id: string): ObservedOperation[] {
    const first = this.#firsts.get(id);
    return first === undefined ? [] : [first, ...(this.#others.get(id) ?? [])];
  }

  [Symbol.iterator](): IterableIterator<ObservedOperation> {
    return this.#operations.values();
  }
}
