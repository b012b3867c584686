import type { CancelNode } from "./tree.ts";

/** The polled nodes that a node follows, one entry for each link. */
export class PolledNodes {
  readonly #nodes: CancelNode[] = [];
  #isLooking = false;

  get isEmpty(): boolean {
    return this.#nodes.length === 0;
  }

  add(node: CancelNode): void {
    this.#nodes.push(node);
  }

  /** Removes one entry of `node`, which there must be. */
  delete(node: CancelNode): void {
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
  }

  /** Looks at the nodes, until one of them cancels `follower`. */
  look(follower: CancelNode): void {
    // Tokens can follow each other in a circle.
    if (this.#isLooking) return;
    this.#isLooking = true;
    const nodes = this.#nodes;
    try {
      for (let i = 0; i < nodes.length && follower.reached === undefined; ) {
        const node = nodes[i] as CancelNode; // below the length
        node.pending();
        // A node that was cancelled has left the list, and the next one is in its place.
        if (nodes[i] === node) i++;
      }
    } finally {
      this.#isLooking = false;
    }
  }
}
