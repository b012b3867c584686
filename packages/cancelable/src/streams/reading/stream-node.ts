import type { Clock } from "../../runtime/clock.ts";
import { ScopeNode } from "../../scope/scope-node.ts";
import type { Cancellation } from "../../token/cancellation.ts";

/** @internal The scope of a stream's input, below the operation. It is the ambient scope only during a pull. */
export class StreamNode extends ScopeNode {
  readonly #onCancelled: () => void;
  /** The cancellation of the stream. Kept, because a shield that is switched on above later does not undo it. */
  cancellation: Cancellation | undefined = undefined;
  /** Whether the code of the input can notice the cancellation: it waits in the scope, or uses the signal of the scope. */
  isObserved = false;

  constructor(clock: Clock, onCancelled: () => void) {
    super(clock);
    this.#onCancelled = onCancelled;
  }

  protected override marked(): void {
    this.cancellation = this.reached;
    // Read before the wave goes on: waiters, child scopes and the abort signal all make the input end soon.
    this.isObserved = this.waiters !== undefined || this.live > 0 || this.controller !== undefined;
    this.#onCancelled();
  }
}
