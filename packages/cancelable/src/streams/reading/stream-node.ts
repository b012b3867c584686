import type { Clock } from "../../runtime/clock.ts";
import { ScopeNode } from "../../scope/scope-node.ts";
import type { Cancellation } from "../../token/cancellation.ts";

/** How long the consumer waits for an input that did not observe the cancellation, in ms. */
const unobservedCloseTimeout = 100;

/** @internal The scope of a stream's input, below the operation. It is the ambient scope only during a pull. */
export class StreamNode extends ScopeNode {
  readonly #onCancelled: () => void;
  /** The cancellation of the stream. Kept, because a shield that is switched on above later does not undo it. */
  cancellation: Cancellation | undefined = undefined;
  /** The longest time that the consumer waits for the input to close, in ms. */
  closeTimeout: number = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, onCancelled: () => void) {
    super(clock);
    this.#onCancelled = onCancelled;
  }

  protected override marked(): void {
    this.cancellation = this.reached;
    // Read before the wave goes on: waiters, child scopes and the abort signal all make the input end soon.
    const isObserved = this.waiters !== undefined || this.live > 0 || this.controller !== undefined;
    if (!isObserved) this.closeTimeout = unobservedCloseTimeout;
    this.#onCancelled();
  }
}
