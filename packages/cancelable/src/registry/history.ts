import type { OperationSnapshot } from "../operation/context.ts";

/** The newest so many of the operations that have ended, oldest first. */
export class History {
  readonly #limit: number;
  #entries: OperationSnapshot[] = [];
  /** The oldest is here; before it, places are free. */
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
    this.#entries[this.#start++] = undefined as never; // let go of it; nobody looks there
    // In one go now and then: taking one off the front each time would move all the others.
    if (this.#start > this.#limit) this.#keep(this.#entries.slice(this.#start));
  }

  list(): OperationSnapshot[] {
    return this.#entries.slice(this.#start);
  }

  /** Drops those that `which` says; returns how many. */
  drop(which: (snapshot: OperationSnapshot) => boolean): number {
    const before = this.size;
    this.#keep(this.list().filter((snapshot) => !which(snapshot)));
    return before - this.size;
  }

  #keep(entries: OperationSnapshot[]): void {
    this.#entries = entries;
    this.#start = 0;
  }
}
