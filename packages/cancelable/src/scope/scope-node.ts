/*
 * A node of the tree with time: a deadline on the clock of a runtime, a start and an end.
 *
 *  S1  `effective` is the earliest deadline on the path up to the next shield. It is kept up to date, so a checkpoint
 *      compares the clock with one number and does not wait for a timer. A deadline is not inherited from another
 *      runtime, because the other runtime has another clock. Its deadline arrives as a cancellation.
 *  S2  A node is opened once and closed once. A closed node holds no timer and no place in its parent.
 *  S3  `live` counts the open nodes directly below. A scope ends when `live` is 0.
 *  S4  A closed node that was not cancelled is transparent: late code in its async context belongs to the next open
 *      node above, and so do the waits that have not ended. A closed node that was cancelled continues to throw, so that
 *      late code stops.
 */

import type { CancellationDetail, CancellationReason } from "../errors.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Slot, Timed } from "../runtime/timed.ts";
import { Cancellation } from "../token/cancellation.ts";
import { CancelNode, type Waiter } from "../token/tree.ts";
import { closeUnclosed, unclosed } from "./empty-stack.ts";

export class ScopeNode extends CancelNode implements Timed {
  clock: Clock;
  /** The absolute deadline of this node. Infinity means none. */
  at: number = Number.POSITIVE_INFINITY;
  slot: Slot | undefined = undefined;
  /** The effective deadline (S1). */
  effective: number = Number.POSITIVE_INFINITY;
  phase: "new" | "open" | "closed" = "new";
  /** The number of open nodes directly below (S3). */
  live = 0;
  /** Called when `live` becomes 0. */
  whenEmpty: (() => void) | undefined = undefined;
  /** Called when {@link open} of a node below sets `live` to 1. */
  whenBusy: (() => void) | undefined = undefined;
  /** The operation of this node, or else the nearest operation above. The layer above knows its class. */
  operation: object | undefined = undefined;
  /** The task of this node, or else the nearest task above. A task can hold locks. */
  task: object | undefined = undefined;
  /** The time span from which {@link at} was computed, in ms. The error message contains it. */
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

  /** Compares the clock with the deadlines, because after blocking work no timer has fired yet. */
  private expireIfDue(): void {
    const now = this.clock.now();
    if (now < this.effective) return;
    let first: ScopeNode | undefined;
    for (
      let node: ScopeNode | undefined = this;
      node !== undefined;
      node = node.parent as ScopeNode | undefined
    ) {
      // A cancelled node is skipped: its cancellation may not reach the nodes below (`withheld`).
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
    this.slot?.remove();
    const { span } = this;
    this.cancelFor("timeout", undefined, span === undefined ? { deadline: "" } : { timeoutMs: span });
  }

  cancelFor(reason: CancellationReason, message?: string, detail?: CancellationDetail): boolean {
    return this.cancel(new Cancellation(reason, message, detail));
  }

  /**
   * Opens the node below `parent`. A node that was attached before keeps its parent and its clock. For such a node,
   * `parent` is only the scope of the code that opens it, and gives it a task.
   *
   * @param span The time allowed from now on, in ms. Default: no limit.
   */
  open(parent: ScopeNode, span?: number): void {
    if (this.parent === undefined) {
      this.clock = parent.clock;
      this.attach(parent);
    }
    const above = this.parent as unknown as ScopeNode; // attached now or before
    this.operation ??= above.operation;
    this.task ??= parent.task;
    // No call stands between these two lines: where the stack is used up, a call throws and the count would be wrong.
    this.phase = "open";
    if (above.live++ === 0) above.whenBusy?.();
    if (span !== undefined && span !== Number.POSITIVE_INFINITY) {
      this.span = span;
      this.at = Math.min(this.at, this.clock.now() + span);
    }
    this.arm();
  }

  /** @internal Updates {@link effective}, and adds the deadline to the queue unless the node is cancelled. */
  arm(): void {
    const { at } = this;
    this.effective = Math.min(at, inheritedDeadline(this));
    if (at !== Number.POSITIVE_INFINITY && this.own === undefined) this.clock.deadlines.add(this);
  }

  /**
   * Closes the node (S2). If it was the last open one below its parent, the parent is notified. A node that
   * {@link open} could not open is only removed.
   */
  close(): void {
    const wasOpen = this.phase === "open";
    this.phase = "closed";
    this.slot?.remove();
    this.remove();
    if (this.waiters !== undefined) this.releaseWaiters();
    if (!wasOpen) return;
    const parent = this.parent as ScopeNode;
    if (--parent.live === 0) parent.whenEmpty?.();
  }

  /** The remaining waits continue in the next open node above (S4), in the order of their arrival. */
  private releaseWaiters(): void {
    const waiters: Waiter[] = [];
    for (let waiter = this.waiters; waiter !== undefined; waiter = waiter.next) waiters.push(waiter);
    const above = openFrom(this);
    for (const waiter of waiters.reverse()) {
      waiter.remove();
      waiter.nodeClosed(above);
    }
  }

  /** Changes the deadline of this node, and the effective deadline of the nodes below it (S1). */
  setDeadline(at: number): void {
    this.slot?.remove();
    this.at = at;
    this.span = undefined;
    if (this.phase !== "open") return;
    this.arm();
    this.refresh();
    // A deadline in the past also ends the waits that are in progress, and not only the next checkpoint.
    if (at <= this.clock.now() && this.own === undefined) this.expire();
  }

  override setShielded(shielded: boolean): void {
    super.setShielded(shielded);
    if (this.phase !== "open") return;
    this.effective = Math.min(this.at, inheritedDeadline(this));
    this.refresh();
  }

  /** Updates the effective deadlines of all nodes below, up to the next shields (S1). */
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

  /**
   * Moves an open node below another parent, and updates its operation, its effective deadline and its cancellation.
   */
  move(parent: ScopeNode): void {
    const before = this.parent as ScopeNode;
    this.replaceOperation(before.operation, parent.operation);
    this.remove();
    if (--before.live === 0) before.whenEmpty?.();
    parent.live++; // `whenBusy` is not called: the caller already holds the parent open (G1)
    this.attach(parent);
    this.effective = Math.min(this.at, inheritedDeadline(this));
    this.refresh();
  }

  /** Replaces the inherited operation in this node and the nodes below, down to the next operation. */
  private replaceOperation(before: object | undefined, now: object | undefined): void {
    const nodes: ScopeNode[] = [this];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as ScopeNode;
      if (node.operation !== before) continue;
      node.operation = now;
      // Not `push(...children)`: the arguments of a very wide tree do not fit on the stack.
      for (const child of node.children() as ScopeNode[]) nodes.push(child);
    }
  }

  /** After the body has failed: cancels the nodes below, but not this node, and waits until they have ended. */
  cancelChildren(): Promise<void> {
    const cancellation = new Cancellation("error", "the body that started this has failed");
    for (const child of this.children()) child.inherit(cancellation);
    return this.empty();
  }

  /**
   * Resolves when there is no open node below (S3). Before the code after the `await` runs, another node can be
   * opened, so the caller checks `live` again.
   */
  empty(): Promise<void> {
    if (unclosed.count > 0) closeUnclosed();
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

/**
 * The node to which the waits in `node` belong: the node itself if it is open, cancelled or not yet in the tree, and
 * otherwise the next such node above (S4).
 */
export function openFrom(node: ScopeNode): ScopeNode {
  let found = node;
  while (found.phase === "closed" && found.reached === undefined && found.parent !== undefined)
    found = found.parent as ScopeNode;
  return found;
}

function inheritedDeadline(node: ScopeNode): number {
  const parent = node.parent as ScopeNode; // an open node has a parent
  return node.shielded || parent.clock !== node.clock ? Number.POSITIVE_INFINITY : parent.effective;
}
