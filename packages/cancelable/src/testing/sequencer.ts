import { requireCount, requireFunction } from "../arguments.ts";
import { Event } from "../sync/event.ts";
import { AssertionError } from "./assertion-error.ts";

/**
 * Brings blocks of several tasks into a given order: block 0 runs first, block 1 when it has ended, and so on
 * (trio's `Sequencer`). A wait that is cancelled breaks the order: the other blocks, waiting or to come, fail.
 *
 * @example
 * ```ts
 * import { taskGroup } from "@hother/cancelable";
 * import { Sequencer } from "@hother/cancelable/testing";
 *
 * const order: string[] = [];
 * const sequencer = new Sequencer();
 * await taskGroup((group) => {
 *   group.startSoon(() => sequencer.at(1, () => order.push("reads")));
 *   group.startSoon(() => sequencer.at(0, () => order.push("writes")));
 * });
 * console.assert(order.join() === "writes,reads");
 * ```
 */
export class Sequencer {
  readonly #claimed = new Set<number>();
  /** Set when the block before has ended, or when the order is broken. */
  readonly #turns = new Map<number, Event>();
  #brokenAt: number | undefined;

  /**
   * Runs `block` when those before it have ended, also by throwing.
   *
   * @param position A whole number of at least 0.
   * @throws AssertionError when the position was used before, or the order is broken.
   */
  async at<T>(position: number, block: () => T | PromiseLike<T>): Promise<T> {
    requireCount(position, "position", 0);
    requireFunction(block, "block");
    if (this.#claimed.has(position))
      throw new AssertionError(`Block ${position} of the sequence was used before`);
    this.#claimed.add(position);
    this.#requireWhole();
    if (position > 0) {
      try {
        await this.#turn(position).wait();
      } catch (cancellation) {
        this.#break(position);
        throw cancellation;
      }
      this.#requireWhole();
    }
    try {
      return await block();
    } finally {
      this.#turn(position + 1).set();
    }
  }

  #turn(position: number): Event {
    let turn = this.#turns.get(position);
    if (turn === undefined) {
      turn = new Event();
      this.#turns.set(position, turn);
    }
    return turn;
  }

  #break(position: number): void {
    this.#brokenAt ??= position;
    for (const turn of this.#turns.values()) turn.set();
  }

  #requireWhole(): void {
    if (this.#brokenAt === undefined) return;
    throw new AssertionError(`The sequence is broken: the wait for block ${this.#brokenAt} was cancelled`);
  }
}
