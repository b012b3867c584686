/*
 * The tree through which cancellation spreads. Tokens, scopes and operations are handles on its nodes. Longer than
 * most files here, because its parts hold each other's invariants: a cancellation, its wave, who waits, the node.
 *
 * Invariants, referred to by number elsewhere:
 *
 *  T1  A node is cancelled by itself (`own`) at most once; `own` never changes afterwards.
 *  T2  `reached` is what a checkpoint in the node throws: its own cancellation, else, unless the
 *      node is shielded, what reaches its parent. It is kept, not computed: a check is one load.
 *  T3  What comes from above becomes the *own* cancellation (reason `parent`) of a node that has an
 *      identity (`adopts`), and stays; for any other node it is only what reaches it.
 *  T4  State first: a wave marks everything it reaches before any code of a user runs. Promises are
 *      rejected while marking (their handlers run later), abort signals and callbacks come after.
 *  T5  When `cancel()` returns, its whole wave is done. A cancel from inside a callback is a wave of
 *      its own; a cancel from inside a wave (links, sources) joins it.
 *  T6  Waves are lists, never recursion: depth costs no stack. Cycles of links end at T1.
 *  T7  A waiter is called at most once, and is out of its node's list before that.
 *  T8  A node that leaves takes itself out of its parent in O(1), and holds nothing below it.
 */

import { report } from "../reporter.ts";
import type { Cancellation } from "./cancellation.ts";

/** Something that wants to know, once, that the node it waits in was reached. */
export abstract class Waiter {
  /** @internal The node whose list this is in. */
  node: CancelNode | undefined;
  /** @internal */
  previous: Waiter | undefined;
  /** @internal */
  next: Waiter | undefined;

  /** Called while a wave marks (T4): may reject promises and cancel nodes, and never runs a user's code. */
  abstract reached(cancellation: Cancellation): void;

  /** The node has ended without being reached, and this is out of its list. */
  dismissed(_ended: Cancellation): void {}

  /** Stops waiting. Does nothing if it was reached or had left already. */
  leave(): void {
    const { node, previous, next } = this;
    if (node === undefined) return;
    if (previous === undefined) node.waiters = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    this.node = this.previous = this.next = undefined;
  }
}

/** What one call of `cancel()` sets off. */
interface Wave {
  /** Nodes whose lists are still to be walked. */
  readonly nodes: CancelNode[];
  /** Code of users, for when everything is marked. */
  readonly announcements: Array<() => void>;
}

let current: Wave | undefined;

/** What a shield that was raised later keeps from the nodes below it. */
const freed = new WeakMap<CancelNode, Cancellation>();

/** The cancellation that had reached `node` before a shield came in between. */
export function reachedBeforeShield(node: CancelNode): Cancellation | undefined {
  return freed.get(node);
}

/** Runs `fn` when the wave under way has marked everything: for what a wave reaches. */
export function announce(fn: () => void): void {
  (current as Wave).announcements.push(fn);
}

/** Runs `mark` inside a wave: the one under way, or a new one which is then run to its end (T5). */
function inWave(mark: (wave: Wave) => void): void {
  if (current !== undefined) {
    mark(current);
    return;
  }
  const wave: Wave = { nodes: [], announcements: [] };
  current = wave;
  try {
    mark(wave);
    for (let i = 0; i < wave.nodes.length; i++) (wave.nodes[i] as CancelNode).spread(wave);
  } finally {
    current = undefined;
  }
  for (const announcement of wave.announcements) {
    try {
      announcement();
    } catch (error) {
      /* v8 ignore next -- @preserve hosts, or polyfills, whose `abort()` lets an error of a listener out */
      report(error, "a cancellation callback");
    }
  }
}

export class CancelNode {
  /** @internal Set by {@link cancel}, or from above where {@link adopts}. */
  own: Cancellation | undefined = undefined;
  /** @internal */
  reached: Cancellation | undefined = undefined;
  /** @internal The newest of the list. */
  waiters: Waiter | undefined = undefined;
  /** @internal */
  parent: CancelNode | undefined = undefined;
  /** @internal */
  firstChild: CancelNode | undefined = undefined;
  /** @internal */
  nextSibling: CancelNode | undefined = undefined;
  /** @internal */
  previousSibling: CancelNode | undefined = undefined;
  /** @internal */
  shielded = false;
  /** @internal A cancellation that was kept from the operations below (`propagate: false`). */
  withheld = false;
  /** @internal */
  controller: AbortController | undefined = undefined;

  /** Whether this node has an identity, so that what comes from above becomes its own (T3). */
  get adopts(): boolean {
    return false;
  }

  /** Cancels the node and what is below. False, and without effect on anybody else, if it had been reached before. */
  cancel(cancellation: Cancellation, propagate = true): boolean {
    if (this.own !== undefined) return false;
    this.own = cancellation;
    if (this.reached !== undefined) return false;
    this.withheld = !propagate;
    inWave((wave) => this.mark(cancellation, wave));
    return true;
  }

  /** Throws what reaches this node, if anything does. */
  check(): void {
    if (this.reached !== undefined) throw this.reached.error;
  }

  /** What a checkpoint here would throw. */
  pending(): Cancellation | undefined {
    return this.reached;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reached !== undefined) this.controller.abort(this.reached.error);
    }
    return this.controller.signal;
  }

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

  /** Takes its place below `parent`, and what reaches that. */
  attach(parent: CancelNode): void {
    const first = parent.firstChild;
    this.parent = parent;
    this.nextSibling = first;
    if (first !== undefined) first.previousSibling = this;
    parent.firstChild = this;
    if (parent.reached !== undefined) this.inherit(parent.reached);
  }

  /** Leaves the parent's list (T8); `parent` stays, for code that outlives its scope. */
  detach(): void {
    const { parent, previousSibling, nextSibling } = this;
    if (parent === undefined) return;
    if (previousSibling !== undefined) previousSibling.nextSibling = nextSibling;
    else parent.firstChild = nextSibling;
    if (nextSibling !== undefined) nextSibling.previousSibling = previousSibling;
    this.previousSibling = this.nextSibling = undefined;
  }

  /** Turns the shield on or off while the node is in use. */
  setShielded(shielded: boolean): void {
    if (this.shielded === shielded) return;
    this.shielded = shielded;
    const above = this.parent?.reached;
    if (!shielded) {
      if (above !== undefined) this.inherit(above);
      return;
    }
    // What came from above no longer reaches this node and the nodes below it that did not adopt it.
    const nodes: CancelNode[] = [this];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as CancelNode;
      if (node.reached === undefined || node.reached === node.own) continue;
      freed.set(node, node.reached);
      node.reached = node.own;
      for (let child = node.firstChild; child !== undefined; child = child.nextSibling) nodes.push(child);
    }
    inWave((wave) => {
      for (const node of nodes) if (node.reached !== undefined) wave.nodes.push(node);
    });
  }

  /** What reaches the parent reaches this node too, unless shielded or reached before. */
  inherit(above: Cancellation): void {
    if (this.shielded || this.reached !== undefined) return;
    inWave((wave) => this.mark(this.adopt(above), wave));
  }

  /** What reaches this node when `above` reaches its parent: where it {@link adopts}, its own cancellation. */
  protected adopt(above: Cancellation): Cancellation {
    return above;
  }

  /** Called once when the node is reached, with everything else still to be marked. */
  protected marked(): void {}

  private mark(cancellation: Cancellation, wave: Wave): void {
    this.reached = cancellation;
    wave.nodes.push(this);
    const { controller } = this;
    if (controller !== undefined) wave.announcements.push(() => controller.abort(cancellation.error));
    this.marked();
  }

  /** @internal Reaches the waiters and the children of a marked node. */
  spread(wave: Wave): void {
    const cancellation = this.reached as Cancellation;
    // The newest stands first: turn the list round, so that waiters are reached in the order in which they came.
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
      if (this.withheld && child.adopts) continue;
      if (child.reached === undefined) {
        child.withheld = this.withheld;
        child.mark(child.adopt(cancellation), wave);
      } else if (child.withheld) {
        child.withheld = false;
        wave.nodes.push(child);
      }
    }
  }
}
