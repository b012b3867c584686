import type { ObservedOperation } from "../operation/observer.ts";

/** The operations that live, in the order in which they came. Several may have the same id, each is known by itself. */
export class LiveOperations {
  readonly #operations = new Set<ObservedOperation>();
  /** The first of each id. */
  readonly #firsts = new Map<string, ObservedOperation>();
  /** The others under an id, where there are any. */
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

  drop(operation: ObservedOperation): void {
    this.#operations.delete(operation);
    const { id } = operation;
    const others = this.#others.get(id);
    if (others === undefined) {
      this.#firsts.delete(id);
      return;
    }
    if (!others.delete(operation)) {
      // It was the first: the next one takes its place.
      const [next] = others as Iterable<ObservedOperation> as [ObservedOperation]; // a set of others is never empty
      others.delete(next);
      this.#firsts.set(id, next);
    }
    if (others.size === 0) this.#others.delete(id);
  }

  /** Of those with this id the one that came first. */
  first(id: string): ObservedOperation | undefined {
    return this.#firsts.get(id);
  }

  /** All with this id. */
  under(id: string): ObservedOperation[] {
    const first = this.#firsts.get(id);
    return first === undefined ? [] : [first, ...(this.#others.get(id) ?? [])];
  }

  [Symbol.iterator](): IterableIterator<ObservedOperation> {
    return this.#operations.values();
  }
}
