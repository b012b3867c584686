import { type Clock } from "../runtime/clock.ts";
import { ScopeNode } from "../scope/scope-node.ts";
import { Cancellation } from "../token/cancellation.ts";

/** What an operation's node tells its operation. */
export interface OperationHooks {
  readonly parentId: string | undefined;
  readonly hasEnded: boolean;
  /** Marked as cancelled: called inside the wave, so it runs no code of a user. */
  cancelled(): void;
  /** The deadline has passed. False: nobody took care of it. */
  expired(): boolean;
}

/** The node of an operation: a cancellation from above becomes its own, with reason `parent`. */
export class OperationNode extends ScopeNode {
  readonly #hooks: OperationHooks;

  constructor(clock: Clock, operation: OperationHooks) {
    super(clock);
    this.operation = operation;
    this.#hooks = operation;
  }

  override get adopts(): boolean {
    return true;
  }

  override cancel(cancellation: Cancellation, propagate = true): boolean {
    return !this.#hooks.hasEnded && super.cancel(cancellation, propagate);
  }

  protected override adopt(above: Cancellation): Cancellation {
    const hooks = this.#hooks;
    this.own ??= new Cancellation(
      "parent",
      undefined,
      // Looked at when the error is made: ids are made late.
      {
        get parentId() {
          return hooks.parentId as string;
        },
      },
      above,
    );
    return this.own;
  }

  protected override marked(): void {
    this.#hooks.cancelled();
  }

  protected override expire(): void {
    this.slot?.leave();
    if (!this.#hooks.expired()) super.expire();
  }
}
