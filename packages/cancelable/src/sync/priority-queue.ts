import { requireFunction } from "../arguments.ts";
import { requireKnownOptions } from "../known-options.ts";
import { Heap } from "./heap.ts";
import { Queue } from "./queue.ts";
import type { QueueOptions } from "./queue-options.ts";

/** The options of a {@link PriorityQueue}. They hold for the life of the queue. */
export interface PriorityQueueOptions<T = unknown> extends Pick<QueueOptions<T>, "onUndelivered"> {
  /**
   * A negative number when `a` is taken before `b`, a positive one when it is taken after, as for `Array.prototype.sort`.
   * If it throws, the `put` or `get` that needed it rejects with the error, and the queue has not changed.
   */
  readonly compare: (a: T, b: T) => number;
}

/**
 * A {@link Queue} whose `get` takes the first item in the order of `compare`. Equal items are taken in the order in which
 * they were put. Waiting `put` calls are served in order of arrival: only an item in the queue has a priority.
 *
 * @example
 * ```ts
 * import { PriorityQueue } from "@hother/cancelable/sync";
 *
 * const jobs = new PriorityQueue<{ name: string; rank: number }>(10, { compare: (a, b) => a.rank - b.rank });
 * await jobs.put({ name: "report", rank: 5 });
 * await jobs.put({ name: "page", rank: 1 });
 * console.assert((await jobs.get()).name === "page");
 * ```
 */
export class PriorityQueue<T> extends Queue<T> {
  /** @param capacity The most items that the queue holds: a whole number of at least 0, or Infinity. */
  constructor(capacity: number, options: PriorityQueueOptions<T>) {
    requireKnownOptions(options, { compare: 1, onUndelivered: 1 }, "PriorityQueue");
    requireFunction(options?.compare, "options.compare");
    super(capacity, { onUndelivered: options.onUndelivered }, new Heap(options.compare));
  }
}
