import { requireCount, requireFunction } from "../arguments.ts";
import { Event } from "../sync/event.ts";
import { AssertionError } from "./assertion-error.ts";

/**
 * Runs blocks of code in several tasks in a fixed order, like trio's `Sequencer`. Block 0 runs first, block 1 runs
 * when block 0 has ended, and so on. If the wait for a turn is cancelled, the sequence is broken: all other waiting
 * and later blocks fail.
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
  readonly #used = new Set<number>();
  /** Each event is set when the block before this position has ended, or when the sequence is broken. */
  readonly #turns = new Map<number, Event>();
  #brokenAt: number | undefined;

  /**
   * Runs `block` when all blocks before it have ended. A block that throws has ended too.
   *
   * @param position A whole number of at least 0.
   * @throws AssertionError if the position was used before, or if the sequence is broken.
   */
  async at<T>(position: number, block: () => T | PromiseLike<T>): Promise<T> {
    requireCount(position, "position", 0);
    requireFunction(block, "block");
    if (this.#used.has(position))
      throw new AssertionError(`Position ${position} of the sequence was used before`);
    this.#used.add(position);
    this.#checkUnbroken();
    if (position > 0) {
      try {
        await this.#turn(position).wait();
      } catch (cancellation) {
        this.#break(position);
        throw cancellation;
      }
      this.#checkUnbroken();
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

  #checkUnbroken(): void {
    if (this.#brokenAt === undefined) return;
    throw new AssertionError(`The sequence is broken: the wait for block ${this.#brokenAt} was cancelled`);
  }
}
