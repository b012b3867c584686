import type { ScopeNode } from "../scope/scope-node.ts";
import type { LinePlace, Receiver } from "./wait-queue.ts";

/** The answer of {@link Arm.poll} when nothing can be taken now. */
export const wouldWait: unique symbol = Symbol("cancelable.wouldWait");

/**
 * A thing that one arm of `select` waits for. `select` polls all arms in order; if none is ready, it stands in all
 * lines. A receiver that is served withdraws its other places in the same synchronous step, so nothing is taken twice. A
 * class, so that an arm of another copy of the package is recognised.
 */
export class Arm<T> {
  /** Makes the type nominal. */
  declare protected readonly ofThisCopy: true;
  /**
   * Takes now or not at all.
   *
   * @param node The node of the call of `select`, with the clock, and the task to which a lease belongs.
   * @throws The error with which a wait would reject, such as `QueueClosedError`.
   */
  readonly poll: (node: ScopeNode) => T | typeof wouldWait;
  /** Stands in line. The receiver is served or rejected once, unless the place is withdrawn before. */
  readonly line: (receiver: Receiver<T>) => LinePlace;

  constructor(poll: Arm<T>["poll"], line: Arm<T>["line"]) {
    this.poll = poll;
    this.line = line;
  }
}

/** An arm of `select`: a primitive, or a call such as `queue.putting(item)`. */
export interface Selectable<T> {
  /** Not for user code. */
  readonly arm: Arm<T>;
}
