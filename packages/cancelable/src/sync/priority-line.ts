import type { ScopeNode } from "../scope/scope-node.ts";
import { leaveTogether } from "../token/wave.ts";
import { type LineEntry, type LinePlace, type QueuedWaiter, type Receiver, WaitQueue } from "./wait-queue.ts";

interface Level<T, P> {
  readonly priority: number;
  readonly queue: WaitQueue<T, P>;
}

/** A line whose entries are served by priority, higher numbers first, and in order of arrival among equals. */
export class PriorityLine<T, P extends { readonly priority: number }> {
  readonly #owner: { serve(): void };
  /** A queue for each priority that waits, the highest last. Levels become empty, and are removed later. */
  #levels: Level<T, P>[] = [];
  /** The number of levels at which empty ones are looked for. */
  #limit = 8;

  /** @param owner Is called when an entry has left unserved (W4). */
  constructor(owner: { serve(): void }) {
    this.#owner = owner;
  }

  get size(): number {
    let size = 0;
    for (const { queue } of this.#levels) size += queue.size;
    return size;
  }

  /** The entry that is served next. */
  get first(): LineEntry<T, P> | undefined {
    return this.#levels.length === 0 ? undefined : this.#highest().first;
  }

  /** Adds a waiter. A cancellation of `node` removes it. */
  join(node: ScopeNode, payload: P): QueuedWaiter<T, P> {
    return this.#queueFor(payload.priority).join(node, payload);
  }

  /** Adds an entry for a receiver. */
  stand(receiver: Receiver<T>, payload: P): LinePlace {
    return this.#queueFor(payload.priority).stand(receiver, payload);
  }

  /** Removes and returns the entry that is served next: the `first` that the caller has seen. The caller settles it (W1). */
  shift(): LineEntry<T, P> | undefined {
    return this.#highest().shift();
  }

  /** Rejects the entries that are in the line now, or those of them whose payload `which` chooses. */
  rejectAll(error: () => unknown, which?: (payload: P) => boolean): void {
    const levels = [...this.#levels].reverse();
    leaveTogether(() => {
      for (const { queue } of levels) queue.rejectAll(error, which);
    });
  }

  /** The queue of the highest priority that waits. There is at least one level. */
  #highest(): WaitQueue<T, P> {
    const levels = this.#levels;
    let highest = levels.at(-1) as Level<T, P>;
    while (highest.queue.size === 0 && levels.length > 1) {
      levels.pop();
      highest = levels.at(-1) as Level<T, P>;
    }
    return highest.queue;
  }

  #queueFor(priority: number): WaitQueue<T, P> {
    let from = 0;
    let to = this.#levels.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const level = this.#levels[middle] as Level<T, P>; // below `to`
      if (level.priority === priority) return level.queue;
      if (level.priority < priority) from = middle + 1;
      else to = middle;
    }
    const level = { priority, queue: new WaitQueue<T, P>(this.#owner) };
    this.#levels.splice(from, 0, level);
    if (this.#levels.length > this.#limit) {
      this.#levels = this.#levels.filter((one) => one === level || one.queue.size > 0);
      this.#limit = Math.max(8, 2 * this.#levels.length);
    }
    return level.queue;
  }
}
