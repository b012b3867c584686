/*
 * A node of the tree with time: a deadline on the clock of a runtime, a start and an end. This file is long because its
 * methods keep the following invariants together.
 *
 *  S1  `effective` is the earliest deadline on the path up to the next shield. It is kept up to date, so a checkpoint
 *      compares the clock with one number and does not wait for a timer. A deadline is not inherited from another
 *      runtime, because the other runtime has another clock. Its deadline arrives as a cancellation.
 *  S2  A node is opened once and closed once. A closed node holds no timer and no place in its parent.
 *  S3  `live` counts the open nodes directly below. A scope ends when `live` is 0.
 *  S4  A closed node that was not cancelled is transparent: late code in its async context belongs to the next open
 *      node above, and so do the waits that have not ended. A closed node that was cancelled continues to throw, so that
 *      late code stops.
 *  S5  A region that an iterator owns and that no call waits for does not keep the scope above open: it is left when the
 *      body above has ended and all open nodes directly below are such regions.
 *  S6  A node that follows a polled token (`CancelNode.isPolled`), and every node below it up to the next shield, has an
 *      `effective` of -Infinity. So a checkpoint of an ordinary node pays nothing for polled tokens, and a checkpoint of
 *      such a node calls `look` of the nodes above.
 */

import type { CancellationDetail, CancellationOwner, CancellationReason } from "../errors.ts";
import { keepPlace, placeOf, placesAreKept } from "../place.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Slot, Timed } from "../runtime/timed.ts";
import { Cancellation } from "../token/cancellation.ts";
import { CancelNode, type Waiter } from "../token/tree.ts";
import { inWave } from "../token/wave.ts";
import { closeUnclosed, unclosed } from "./empty-stack.ts";

/** A region that an iterator owns (S5). */
export interface OwnedRegion {
  /** Whether no call waits for the region. */
  readonly isIdle: boolean;
  /** Ends the region. */
  abandon(): void;
}

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
  /** The open regions directly below that iterators own (S5). */
  private regions: Set<OwnedRegion> | undefined = undefined;
  /** The operation of this node, or else the nearest operation above. The layer above knows its class. */
  operation: object | undefined = undefined;
  /** The task of this node, or else the nearest task above. A task can hold locks. */
  task: object | undefined = undefined;
  /** The time span from which {@link at} was computed, in ms. The error message contains it. */
  span: number | undefined = undefined;

  constructor(clock: Clock) {
    super();
    this.clock = clock;
    if (placesAreKept) keepPlace(this);
  }

  /** A scope without a name has only a place. */
  override get owner(): CancellationOwner | undefined {
    const place = placeOf(this);
    return place === undefined ? undefined : { name: undefined, subject: undefined, place };
  }

  override get isClosed(): boolean {
    return this.phase === "closed";
  }

  override check(): void {
    if (this.reached === undefined && this.effective !== Number.POSITIVE_INFINITY) this.expireIfDue();
    if (this.reached !== undefined) throw this.reached.error;
  }

  override pending(): Cancellation | undefined {
    if (this.reached === undefined && this.effective !== Number.POSITIVE_INFINITY) this.expireIfDue();
    return this.reached;
  }

  /** Whether this node follows a polled token (S6). */
  protected get followsPolled(): boolean {
    return false;
  }

  /** Looks at the polled tokens that this node follows (S6). */
  protected look(): void {}

  override get isPolled(): boolean {
    return this.effective === Number.NEGATIVE_INFINITY;
  }

  /** The earliest deadline on the path up to the next shield. */
  get deadline(): number {
    if (this.effective !== Number.NEGATIVE_INFINITY) return this.effective;
    let earliest = Number.POSITIVE_INFINITY;
    for (
      let node: ScopeNode | undefined = this;
      node !== undefined;
      node = node.parent as ScopeNode | undefined
    ) {
      if (node.at < earliest) earliest = node.at;
      if (node.shielded || (node.parent as ScopeNode | undefined)?.clock !== this.clock) break;
    }
    return earliest;
  }

  /** Looks at the polled tokens up to the next shield (S6). */
  private lookUp(): void {
    for (
      let node: ScopeNode | undefined = this;
      node !== undefined && this.reached === undefined;
      node = node.shielded ? undefined : (node.parent as ScopeNode | undefined)
    )
      node.look();
  }

  /**
   * Compares the clock with the deadlines, because after blocking work no timer has fired yet. Looks at polled tokens,
   * because no event of theirs has arrived yet.
   */
  private expireIfDue(): void {
    let due = this.effective;
    if (due === Number.NEGATIVE_INFINITY) {
      this.lookUp();
      if (this.reached !== undefined) return;
      due = this.deadline;
      if (due === Number.POSITIVE_INFINITY) return;
    }
    const now = this.clock.now();
    if (now < due) return;
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

  private updateEffective(): void {
    this.effective = this.followsPolled
      ? Number.NEGATIVE_INFINITY
      : Math.min(this.at, inheritedDeadline(this));
  }

  /** @internal Updates {@link effective}, and adds the deadline to the queue unless the node is cancelled. */
  arm(): void {
    const { at } = this;
    this.updateEffective();
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
    else if (parent.regions !== undefined) parent.leaveIdle();
  }

  addRegion(region: OwnedRegion): void {
    this.regions ??= new Set();
    this.regions.add(region);
  }

  removeRegion(region: OwnedRegion): void {
    this.regions?.delete(region);
  }

  /** Leaves the idle regions, if the body has ended and nothing else is open (S5). */
  leaveIdle(): void {
    if (this.regions === undefined || this.whenEmpty === undefined) return;
    const idle = [...this.regions].filter((region) => region.isIdle);
    if (idle.length === this.live) for (const region of idle) region.abandon();
  }

  /** The remaining waits continue in the next open node above (S4), in the order of their arrival. */
  private releaseWaiters(): void {
    const waiters: Waiter[] = [];
    for (let waiter = this.waiters; waiter !== undefined; waiter = waiter.next) waiters.push(waiter);
    const above = openFrom(this);
    // The waits move in one wave: a cancellation above ends them, and no line may serve one of them meanwhile.
    inWave(() => {
      for (const waiter of waiters.reverse()) {
        waiter.remove();
        waiter.nodeClosed(above);
      }
    });
  }

  /** Changes the deadline of this node, and the effective deadline of the nodes below it (S1). */
  setDeadline(at: number): void {
    this.slot?.remove();
    this.at = at;
    this.span = undefined;
    if (this.phase !== "open") return;
    this.refresh();
    this.arm();
    // A deadline in the past also ends the waits that are in progress, and not only the next checkpoint.
    if (at <= this.clock.now() && this.own === undefined) this.expire();
  }

  override setShielded(shielded: boolean): void {
    super.setShielded(shielded);
    if (this.phase === "open") this.refresh();
  }

  /** Updates the effective deadlines of this node and of all nodes below, up to the next shields (S1, S6). */
  protected refresh(): void {
    this.updateEffective();
    const nodes: ScopeNode[] = [this];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as ScopeNode;
      for (const child of node.children() as ScopeNode[]) {
        if (child.shielded) continue;
        child.updateEffective();
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
    /* v8 ignore if -- @preserve a stack that is used up: a test runs this in a process of its own */
    if (unclosed.count > 0) closeUnclosed();
    if (this.live === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const before = this.whenEmpty;
      this.whenEmpty = () => {
        this.whenEmpty = undefined;
        before?.();
        resolve();
      };
      this.leaveIdle();
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
  if (node.shielded || (parent.clock !== node.clock && !parent.isPolled)) return Number.POSITIVE_INFINITY;
  return parent.effective;
}
