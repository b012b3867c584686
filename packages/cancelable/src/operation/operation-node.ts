import type { CancellationOwner } from "../errors.ts";
import { type Clock } from "../runtime/clock.ts";
import { ScopeNode } from "../scope/scope-node.ts";
import { Cancellation } from "../token/cancellation.ts";
import { PolledNodes } from "../token/polled-nodes.ts";
import type { CancelNode } from "../token/tree.ts";

/** The part of an operation that its node calls. */
export interface OperationHooks {
  readonly id: string;
  readonly name: string | undefined;
  readonly subject: string | undefined;
  readonly place: string | undefined;
  readonly parentId: string | undefined;
  readonly hasEnded: boolean;
  /** A cancellation has reached the node. Called inside the wave, so it must not run user code (T4). */
  cancelled(): void;
  /** The deadline has passed. Returns false if the node itself is to cancel the operation. */
  expired(): boolean;
}

/**
 * The node of an operation. It has an identity: a cancellation from above becomes its own, with reason `parent` (T3).
 */
export class OperationNode extends ScopeNode {
  readonly #hooks: OperationHooks;
  #polled: PolledNodes | undefined = undefined;

  constructor(clock: Clock, operation: OperationHooks) {
    super(clock);
    this.operation = operation;
    this.#hooks = operation;
  }

  override get owner(): CancellationOwner {
    return this.#hooks;
  }

  override get hasIdentity(): boolean {
    return true;
  }

  protected override get followsPolled(): boolean {
    return this.#polled !== undefined;
  }

  protected override look(): void {
    this.#polled?.look(this);
  }

  override follow(source: CancelNode): void {
    this.#polled ??= new PolledNodes();
    this.#polled.add(source);
    this.refresh();
  }

  override unfollow(source: CancelNode): void {
    this.#polled?.delete(source);
    if (this.#polled?.isEmpty !== true) return;
    this.#polled = undefined;
    this.refresh();
  }

  override cancel(cancellation: Cancellation, propagate = true): boolean {
    return !this.#hooks.hasEnded && super.cancel(cancellation, propagate);
  }

  protected override cancellationFrom(above: Cancellation): Cancellation {
    const hooks = this.#hooks;
    /* v8 ignore if -- @preserve the stack can be used up in `cancel`, before the node is marked */
    if (this.own !== undefined) return this.own;
    this.own = new Cancellation(
      "parent",
      undefined,
      // A getter, because the id of the parent is created on first use.
      {
        get parentId() {
          return hooks.parentId as string;
        },
      },
      above,
    );
    this.own.owner = hooks;
    return this.own;
  }

  /** The operations directly below that have not ended, oldest first. */
  operationsBelow(): object[] {
    const found: object[] = [];
    const nodes: ScopeNode[] = [this];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      if (node.operation !== this.operation) found.push(node.operation as object);
      else for (const child of (node.children() as ScopeNode[]).reverse()) nodes.push(child);
    }
    return found;
  }

  protected override marked(): void {
    this.#hooks.cancelled();
  }

  protected override expire(): void {
    this.slot?.remove();
    if (!this.#hooks.expired()) super.expire();
  }
}
