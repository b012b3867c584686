import type { OperationSnapshot } from "../operation/context.ts";

/** Snapshots of ended operations, oldest first. Keeps the newest ones, up to a limit. */
export class History {
  readonly #limit: number;
  #entries: OperationSnapshot[] = [];
  /** The index of the oldest entry. The slots before this index are free. */
  #start = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.length - this.#start;
  }

  add(snapshot: OperationSnapshot): void {
    if (this.#limit === 0) return;
    this.#entries.push(snapshot);
    if (this.size <= this.#limit) return;
    this.#entries[this.#start++] = undefined as never; // releases the snapshot; free slots are never read
    // Free slots are removed in batches, because each removal at the front moves every other entry.
    if (this.#start > this.#limit) this.#replace(this.#entries.slice(this.#start));
  }

  list(): OperationSnapshot[] {
    return this.#entries.slice(this.#start);
  }

  /** Removes the entries that match. Returns their number. */
  removeWhere(matches: (snapshot: OperationSnapshot) => boolean): number {
    const before = this.size;
    this.#replace(this.list().filter((snapshot) => !matches(snapshot)));
    return before - this.size;
  }

  #replace(entries: OperationSnapshot[]): void {
    this.#entries = entries;
    this.#start = 0;
  }
}
