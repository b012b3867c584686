/*
 * The tree through which cancellation spreads. Tokens, scopes and operations are handles on its nodes. This file is
 * long because the waiter, the wave and the node keep the following invariants together.
 *
 * Invariants, which comments elsewhere and docs/about/invariants.md refer to by number:
 *
 *  T1  A node is cancelled by itself (`own`) at most once. `own` never changes afterwards.
 *  T2  `reached` is the cancellation that a checkpoint in the node throws. It is the node's own cancellation. If the
 *      node has no cancellation of its own and is not shielded, it is the cancellation that reached the parent.
 *      `reached` is stored, not computed, so a check is one load.
 *  T3  If a node has an identity, a cancellation from above becomes its own cancellation (reason `parent`), and is
 *      permanent. For any other node it is only the cancellation that reached the node.
 *  T4  State comes first: a wave marks all nodes that it reaches before any user code runs. Promises are rejected
 *      while nodes are marked; their handlers run later. After the marking, lines that cancelled waiters have left are
 *      served, all abort signals say `aborted`, then their listeners run, and then the callbacks.
 *  T5  When `cancel()` returns, its whole wave is complete. A cancel from inside a callback is a wave of its own. A
 *      cancel from inside a wave (links, sources) joins this wave. In a deep chain of callbacks that cancel, the
 *      listeners and callbacks of the inner waves run after the outer ones, so that the chain costs no stack.
 *  T6  Waves are lists, never recursion, so the depth of the tree costs no stack. Cycles of links end because of T1.
 *  T7  A waiter is called at most once, and is removed from the list of its node before the call.
 *  T8  A node that closes removes itself from its parent in O(1), and keeps no reference to the nodes below it.
 */

import { allowManyListeners } from "#platform/abort";
import type { CancellationOwner } from "../errors.ts";
import type { Cancellation } from "./cancellation.ts";
import { inWave, type Wave } from "./wave.ts";

/**
 * An entry in the list of a node. It is called once, when a cancellation reaches the node or when the node closes.
 */
export abstract class Waiter {
  /** @internal The node whose list contains this waiter. */
  node: CancelNode | undefined;
  /** @internal */
  previous: Waiter | undefined;
  /** @internal */
  next: Waiter | undefined;

  /**
   * A cancellation has reached the node. Called during the marking (T4): may reject promises and cancel nodes, but
   * must not run user code.
   */
  abstract reached(cancellation: Cancellation): void;

  /**
   * The node has closed without a cancellation, and the waiter is already removed from the list of the node. A wait in a scope
   * continues in `above`, the nearest open node. Above a token there is none.
   */
  nodeClosed(_above: CancelNode | undefined): void {}

  /** Removes the waiter from the list of its node. Does nothing if it is in no list. */
  remove(): void {
    const { node, previous, next } = this;
    if (node === undefined) return;
    if (previous === undefined) node.waiters = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    this.node = this.previous = this.next = undefined;
  }
}

const beforeShield = new WeakMap<CancelNode, Cancellation>();

/** The cancellation that had already reached `node` when a shield at or above the node was switched on. */
export function reachedBeforeShield(node: CancelNode): Cancellation | undefined {
  return beforeShield.get(node);
}

export abstract class CancelNode {
  /** @internal Set by {@link cancel}, or by a cancellation from above if the node has an identity (T3). */
  own: Cancellation | undefined = undefined;
  /** @internal */
  reached: Cancellation | undefined = undefined;
  /** @internal The newest waiter, which is the head of the list. */
  waiters: Waiter | undefined = undefined;
  /** @internal */
  parent: CancelNode | undefined = undefined;
  /** @internal The newest child, which is the head of the list. */
  firstChild: CancelNode | undefined = undefined;
  /** @internal */
  nextSibling: CancelNode | undefined = undefined;
  /** @internal */
  previousSibling: CancelNode | undefined = undefined;
  /** @internal */
  shielded = false;
  /** @internal Whether the cancellation skips the operations below (`propagate: false`). */
  withheld = false;
  /** @internal */
  controller: AbortController | undefined = undefined;

  /** The operation or the named scope of this node. */
  get owner(): CancellationOwner | undefined {
    return undefined;
  }

  /** Whether the node has ended, so that it is not cancelled any more. */
  abstract get isClosed(): boolean;

  /** Whether a cancellation from above becomes the node's own (T3). True for operations. */
  get hasIdentity(): boolean {
    return false;
  }

  /**
   * Cancels the node and the nodes below. Returns false, without an effect on other nodes, if a cancellation reached
   * the node before.
   */
  cancel(cancellation: Cancellation, propagate = true): boolean {
    if (this.own !== undefined) return false;
    const { owner } = this;
    if (owner !== undefined) cancellation.owner = owner;
    this.own = cancellation;
    if (this.reached !== undefined) return false;
    this.withheld = !propagate;
    inWave((wave) => this.mark(cancellation, wave));
    return true;
  }

  /**
   * Whether the node can be cancelled without a call in this thread. Its {@link check} and {@link pending} look at the
   * source of the cancellation. A node that follows it calls {@link pending} at each of its own checkpoints.
   */
  get isPolled(): boolean {
    return false;
  }

  /** Hook: a link from the polled node `source` to this node was added. */
  follow(_source: CancelNode): void {}

  /** Hook: a link from `source` to this node was removed. */
  unfollow(_source: CancelNode): void {}

  /** Throws the error of the cancellation that has reached this node, if there is one. */
  check(): void {
    if (this.reached !== undefined) throw this.reached.error;
  }

  /** The cancellation that a checkpoint in this node would throw. */
  pending(): Cancellation | undefined {
    return this.reached;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      allowManyListeners(this.controller.signal);
      if (this.reached !== undefined) this.controller.abort(this.reached.error);
    }
    return this.controller.signal;
  }

  /** Adds a waiter to the list of this node. */
  wait(waiter: Waiter): void {
    waiter.node = this;
    const first = this.waiters;
    waiter.next = first;
    if (first !== undefined) first.previous = waiter;
    this.waiters = waiter;
  }

  /** The nodes directly below, oldest first. */
  children(): CancelNode[] {
    const children: CancelNode[] = [];
    for (let child = this.firstChild; child !== undefined; child = child.nextSibling) children.push(child);
    return children.reverse();
  }

  /** Places this node below `parent`. A cancellation that has reached `parent` reaches this node too. */
  attach(parent: CancelNode): void {
    const first = parent.firstChild;
    this.parent = parent;
    this.nextSibling = first;
    if (first !== undefined) first.previousSibling = this;
    parent.firstChild = this;
    if (parent.reached !== undefined) this.inherit(parent.reached);
  }

  /** Removes this node from the list of its parent (T8). `parent` stays set, for code that outlives its scope. */
  remove(): void {
    const { parent, previousSibling, nextSibling } = this;
    if (parent === undefined) return;
    if (previousSibling !== undefined) previousSibling.nextSibling = nextSibling;
    else parent.firstChild = nextSibling;
    if (nextSibling !== undefined) nextSibling.previousSibling = previousSibling;
    this.previousSibling = this.nextSibling = undefined;
  }

  /** Switches the shield on or off while the node is in use. */
  setShielded(shielded: boolean): void {
    if (this.shielded === shielded) return;
    this.shielded = shielded;
    const above = this.parent?.reached;
    if (!shielded) {
      if (above !== undefined) this.inherit(above);
      return;
    }
    // A cancellation from above no longer reaches this node, nor a node below that has not made it its own (T3).
    const nodes: CancelNode[] = [this];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as CancelNode;
      if (node.reached === undefined || node.reached === node.own) continue;
      beforeShield.set(node, node.reached);
      node.reached = node.own;
      for (let child = node.firstChild; child !== undefined; child = child.nextSibling) nodes.push(child);
    }
    inWave((wave) => {
      for (const node of nodes) if (node.reached !== undefined) wave.nodes.push(node);
    });
  }

  /** Passes the cancellation `above` on to this node, unless the node is shielded or already cancelled. */
  inherit(above: Cancellation): void {
    if (this.shielded || this.reached !== undefined) return;
    inWave((wave) => this.mark(this.cancellationFrom(above), wave));
  }

  /**
   * The cancellation that reaches this node when `above` reaches its parent. Nodes with an identity create their own
   * (T3).
   */
  protected cancellationFrom(above: Cancellation): Cancellation {
    return above;
  }

  /**
   * Hook: a cancellation has reached the node, and the nodes below are not marked yet. Must not run user code (T4).
   */
  protected marked(): void {}

  private mark(cancellation: Cancellation, wave: Wave): void {
    this.reached = cancellation;
    wave.nodes.push(this);
    const { controller } = this;
    if (controller !== undefined) wave.signals.push({ controller, cancellation });
    this.marked();
  }

  /** @internal Calls the waiters of this marked node, and marks its children. */
  spread(wave: Wave): void {
    const cancellation = this.reached as Cancellation;
    // The newest waiter is the head of the list. The list is reversed, so that waiters are called in the order of
    // arrival.
    let list = this.waiters;
    this.waiters = undefined;
    let ordered: Waiter | undefined;
    while (list !== undefined) {
      const next: Waiter | undefined = list.next;
      list.next = ordered;
      list.node = list.previous = undefined;
      ordered = list;
      list = next;
    }
    while (ordered !== undefined) {
      const next: Waiter | undefined = ordered.next;
      ordered.next = undefined;
      ordered.reached(cancellation);
      ordered = next;
    }
    if (this.firstChild === undefined) return;
    for (const child of this.children()) {
      if (child.shielded) continue;
      if (this.withheld && child.hasIdentity) continue;
      if (child.reached === undefined) {
        child.withheld = this.withheld;
        child.mark(child.cancellationFrom(cancellation), wave);
      } else if (child.withheld) {
        child.withheld = false;
        wave.nodes.push(child);
      }
    }
  }
}
