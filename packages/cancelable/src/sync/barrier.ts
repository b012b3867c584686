import { requireWhole } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { Arm, type Selectable, wouldWait } from "./arm.ts";
import { LineOwner } from "./line-owner.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { WaitQueue } from "./wait-queue.ts";

/**
 * A meeting point for a number of parties. `wait` resolves for all of them when the last one has come. Then the next round
 * begins. A party whose wait is cancelled leaves, and the others go on waiting: the round waits for another party.
 *
 * @example
 * ```ts
 * import { all } from "@hother/cancelable";
 * import { Barrier } from "@hother/cancelable/sync";
 *
 * const barrier = new Barrier(2);
 * const places = await all([() => barrier.wait(), () => barrier.wait()]);
 * console.assert(places.join() === "0,1");
 * ```
 */
export class Barrier extends LineOwner implements Selectable<number> {
  /** The number of parties of a round. */
  readonly parties: number;
  readonly #line = new WaitQueue<number>(this);

  /** @param parties The number of parties of a round: a whole number of at least 1. */
  constructor(parties: number) {
    super();
    requireWhole(parties, "parties", 1);
    this.parties = parties;
  }

  /** The number of parties that have come and wait for the others. */
  override get waiting(): number {
    return this.#line.size;
  }

  /**
   * Waits until all parties have come. A checkpoint. Resolves with the place in the order of arrival: 0 for the first
   * party, `parties - 1` for the last one. Exactly one party of a round gets each place.
   */
  wait(options?: WaitOptions): Promise<number> {
    const node = options === undefined ? currentNode() : waitNode(options, "wait");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    return this.#isComplete ? resolveFairly(node, this.#pass()) : this.#line.join(node, undefined).promise;
  }

  /** Rejects the parties that wait now: the abort of a round. The next party begins a new round. */
  override rejectWaiters(error: unknown): void {
    this.#line.rejectAll(() => error);
    this.tellIdle();
  }

  protected override get isIdle(): boolean {
    return this.#line.size === 0;
  }

  /** For `select`, which is a party. Not for user code. */
  get arm(): Arm<number> {
    return new Arm(
      () => (this.#isComplete ? this.#pass() : wouldWait),
      (receiver) => this.#line.stand(receiver, undefined),
    );
  }

  /** Whether one more party completes the round. */
  get #isComplete(): boolean {
    return this.#line.size + 1 >= this.parties;
  }

  /** Lets the parties in line pass. Returns the place of the last party, which is the caller. */
  #pass(): number {
    let place = 0;
    for (let party = this.#line.shift(); party !== undefined; party = this.#line.shift())
      party.resolve(place++);
    this.tellIdle();
    return place;
  }
}
