import { invalidType } from "../arguments.ts";
import { report } from "../reporter.ts";
import type { Items } from "./items.ts";

interface Entry<T> {
  readonly item: T;
  /** The number of items that were added before. It orders equal items. */
  readonly order: number;
}

/**
 * Items in the order of `compare`; equal items in the order in which they were added. A binary heap: adding and taking
 * are O(log n). The path of an entry is found before it is moved, so an error of `compare` leaves the items as they are.
 */
export class Heap<T> implements Items<T> {
  #entries: Entry<T>[] = [];
  #added = 0;
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(item: T): void {
    const entries = this.#entries;
    const entry: Entry<T> = { item, order: this.#added };
    const path: number[] = [entries.length];
    for (let child = entries.length; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(entry, entries[parent] as Entry<T>)) break; // a parent is in the heap
      path.push(parent);
      child = parent;
    }
    this.#added++;
    this.#move(entry, path);
  }

  take(): T {
    const entries = this.#entries;
    const first = entries[0] as Entry<T>; // the caller has checked that there is one
    const size = entries.length - 1;
    const last = entries[size] as Entry<T>;
    const path = [0];
    for (let parent = 0; ; ) {
      let child = 2 * parent + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(entries[child + 1] as Entry<T>, entries[child] as Entry<T>))
        child++;
      if (!this.#isBefore(entries[child] as Entry<T>, last)) break;
      path.push(child);
      parent = child;
    }
    entries.pop();
    if (size > 0) this.#move(last, path);
    return first.item;
  }

  clear(): T[] {
    const entries = this.#entries;
    this.#entries = [];
    try {
      entries.sort((a, b) => (this.#isBefore(a, b) ? -1 : 1));
    } catch (error) {
      report(error, "the compare function of a priority queue");
    }
    return entries.map(({ item }) => item);
  }

  /** Moves the entry at each place of the path one place back, and `entry` into the last place. */
  #move(entry: Entry<T>, path: readonly number[]): void {
    const entries = this.#entries;
    let free = path[0] as number; // a path has at least one place
    for (const place of path) {
      entries[free] = entries[place] as Entry<T>;
      free = place;
    }
    entries[free] = entry;
  }

  #isBefore(a: Entry<T>, b: Entry<T>): boolean {
    const result: unknown = this.#compare(a.item, b.item);
    if (typeof result !== "number" || Number.isNaN(result))
      throw invalidType("the result of options.compare", "a number", result);
    return result === 0 ? a.order < b.order : result < 0;
  }
}
