/*
 * A node of the tree that has time: a deadline on a runtime's clock, and a beginning and an end.
 *
 *  S1  `effective` is the earliest deadline on the way up to the next shield, kept up to date, so that
 *      a checkpoint compares the clock with one number and does not wait for a timer to fire. It is not
 *      inherited from another runtime, whose clock is another one: that deadline comes as a cancellation.
 *  S2  A node is opened once and closed once. Closed, it holds no timer and no place in its parent.
 *  S3  `live` counts the opened nodes directly below. A scope ends when it is 0.
 *  S4  A closed node that was not cancelled is transparent: late code in its async context belongs to
 *      the next open node above. A cancelled one keeps throwing, so that stragglers stop.
 */

import { formatSpan } from "../duration.ts";
import type { CancellationDetail, CancellationReason } from "../errors.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Slot, Timed } from "../runtime/deadline-queue.ts";
import { Cancellation } from "../token/cancellation.ts";
import { CancelNode } from "../token/tree.ts";

export class ScopeNode extends CancelNode implements Timed {
  clock: Clock;
  /** Absolute deadline; Infinity for none. */
  at: number = Number.POSITIVE_INFINITY;
  slot: Slot | undefined = undefined;
  /** S1 */
  effective: number = Number.POSITIVE_INFINITY;
  phase: "new" | "open" | "closed" = "new";
  /** S3 */
  live = 0;
  whenEmpty: (() => void) | undefined = undefined;
  /** Called when the first node is opened below. */
  whenBusy: (() => void) | undefined = undefined;
  /** The nearest operation, the node's own included. The layer above knows its class. */
  operation: object | undefined = undefined;
  /** The nearest task, which may own locks. */
  task: object | undefined = undefined;
  /** The span that {@link at} came from, for the message; in ms. */
  span: number | undefined = undefined;

  constructor(clock: Clock) {
    super();
    this.clock = clock;
  }

  override check(): void {
    if (this.reached === undefined && this.effective !== Number.POSITIVE_INFINITY) this.expireIfDue();
    if (this.reached !== undefined) throw this.reached.error;
  }

  override pending(): Cancellation | undefined {
    if (this.reached === undefined && this.effective !== Number.POSITIVE_INFINITY) this.expireIfDue();
    return this.reached;
  }

  /** Compares the clock with the deadlines itself: after blocking work no timer has fired yet. */
  private expireIfDue(): void {
    const now = this.clock.now();
    if (now < this.effective) return;
    let first: ScopeNode | undefined;
    for (
      let node: ScopeNode | undefined = this;
      node !== undefined;
      node = node.parent as ScopeNode | undefined
    ) {
      // One that is cancelled may have kept that from what is below (`withheld`).
      if (
        node.at <= now &&
        node.own === undefined &&
        node.phase !== "closed" &&
        (first === undefined || node.at <= first.at)
      )
        first = node;
      if (node.shielded || (node.parent as ScopeNode | undefined)?.clock !== this.clock) break;
    }
    first?.expire();
  }

  due(): void {
    this.expire();
  }

  protected expire(): void {
    this.slot?.leave();
    const { span } = this;
    if (span === undefined) this.cancelFor("timeout", "Operation timed out: its deadline has passed");
    else this.cancelFor("timeout", `Operation timed out after ${formatSpan(span)}`, { timeoutMs: span });
  }

  cancelFor(reason: CancellationReason, message?: string, detail?: CancellationDetail): boolean {
    return this.cancel(new Cancellation(reason, message, detail));
  }

  /** Takes its place in the tree and starts its clock. A timed node gets its absolute deadline here. */
  open(parent: ScopeNode, span?: number): void {
    this.phase = "open";
    // One that was attached before has its place, and its runtime: it only counts from now on.
    if (this.parent === undefined) {
      this.clock = parent.clock;
      this.attach(parent);
    }
    const above = this.parent as unknown as ScopeNode; // attached, now or before
    this.operation ??= above.operation;
    this.task ??= parent.task;
    if (above.live++ === 0) above.whenBusy?.();
    if (span !== undefined && span !== Number.POSITIVE_INFINITY) {
      this.span = span;
      this.at = Math.min(this.at, this.clock.now() + span);
    }
    this.arm();
  }

  /** @internal Enters the deadline, as far as it can still matter. */
  arm(): void {
    const { at } = this;
    this.effective = Math.min(at, inheritedDeadline(this));
    if (at !== Number.POSITIVE_INFINITY && this.own === undefined) this.clock.deadlines.add(this);
  }

  /** S2. Whoever waits for the parent to be empty is told. */
  close(): void {
    this.phase = "closed";
    this.slot?.leave();
    if (this.waiters !== undefined) this.dismissWaiters();
    const parent = this.parent as ScopeNode;
    this.detach();
    if (--parent.live === 0) parent.whenEmpty?.();
  }

  /** Nobody waits in a scope that has ended: what still does would take a lock or an item for nobody. */
  private dismissWaiters(): void {
    const ended = new Cancellation("parent", "The scope that this waited in has ended");
    for (let waiter = this.waiters; waiter !== undefined; waiter = this.waiters) {
      waiter.leave();
      waiter.dismissed(ended);
    }
  }

  /** Moves the deadline of an open node, for everything below up to the next shield (S1). */
  setDeadline(at: number): void {
    this.slot?.leave();
    this.at = at;
    this.span = undefined;
    if (this.phase !== "open") return;
    this.arm();
    this.refresh();
    // A moment in the past is seen by the next checkpoint, and by sleepers now.
    if (at <= this.clock.now() && this.own === undefined) this.expire();
  }

  override setShielded(shielded: boolean): void {
    super.setShielded(shielded);
    if (this.phase !== "open") return;
    this.effective = Math.min(this.at, inheritedDeadline(this));
    this.refresh();
  }

  private refresh(): void {
    const nodes: ScopeNode[] = [this];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as ScopeNode;
      for (const child of node.children() as ScopeNode[]) {
        if (child.shielded || child.clock !== node.clock) continue;
        child.effective = Math.min(child.at, node.effective);
        nodes.push(child);
      }
    }
  }

  /** Hangs an open node below another parent: its deadline and what reaches it follow (G09). */
  move(parent: ScopeNode): void {
    const before = this.parent as ScopeNode;
    this.adoptOperation(before.operation, parent.operation);
    this.detach();
    if (--before.live === 0) before.whenEmpty?.();
    parent.live++; // busy before: who moves this here keeps it open (G1)
    this.attach(parent);
    this.effective = Math.min(this.at, inheritedDeadline(this));
    this.refresh();
  }

  /** What was inherited from one operation is another's now, down to the next operation. */
  private adoptOperation(before: object | undefined, now: object | undefined): void {
    const nodes: ScopeNode[] = [this];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as ScopeNode;
      if (node.operation !== before) continue;
      node.operation = now;
      // One by one: as arguments, a very wide tree would not fit on the stack.
      for (const child of node.children() as ScopeNode[]) nodes.push(child);
    }
  }

  /** The body failed: what it left running is cancelled, the node itself is not, and waited for. */
  abandonChildren(): Promise<void> {
    const cancellation = new Cancellation("error", "the body that started this has failed");
    for (const child of this.children()) child.inherit(cancellation);
    return this.empty();
  }

  /**
   * Resolves when no opened node is left below (S3). By the time that somebody hears of it another one may
   * have been opened: look again.
   */
  empty(): Promise<void> {
    if (this.live === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const before = this.whenEmpty;
      this.whenEmpty = () => {
        this.whenEmpty = undefined;
        before?.();
        resolve();
      };
    });
  }
}

function inheritedDeadline(node: ScopeNode): number {
  const parent = node.parent as ScopeNode; // of an open node
  return node.shielded || parent.clock !== node.clock ? Number.POSITIVE_INFINITY : parent.effective;
}
