/** The items of a queue, in the order in which they are taken. */
export interface Items<T> {
  readonly size: number;
  /** Adds an item. Changes nothing if it throws. */
  add(item: T): void;
  /** Removes and returns the next item. The caller has checked that there is one. Changes nothing if it throws. */
  take(): T;
  /** Removes all items and returns them, in order unless `compare` fails. Does not throw. */
  clear(): T[];
}

/** Items in the order in which they were added. Adding and taking are O(1). */
export class Fifo<T> implements Items<T> {
  #items: T[] = [];
  /** The index of the first item. The array is compacted from time to time. */
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** The first item, if there is one. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** The items in order. */
  *[Symbol.iterator](): Generator<T, undefined, undefined> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as T; // an index in the array
    return undefined;
  }

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T {
    const item = this.#items[this.#head] as T; // the caller has checked that there is an item
    this.#items[this.#head++] = undefined as T; // do not keep the item alive
    if (this.#head === this.#items.length) this.#items.length = this.#head = 0;
    else if (this.#head > 1_000 && this.#head * 2 > this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): T[] {
    const items = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return items;
  }
}
