import { SharedNode } from "./shared-node.ts";
import type { Slab } from "./slab.ts";
import type { Place } from "./slabs.ts";

/** One node for each token in this thread: all its tokens for one handle are cancelled together. */
const nodes = new WeakMap<Slab, Map<number, WeakRef<SharedNode>>>();

/** Makes `node` the one that {@link attachedNode} finds, unless the slot has been given to a newer token. */
export function rememberNode(node: SharedNode): void {
  const { slab, slot } = node.place;
  let ofSlab = nodes.get(slab);
  if (ofSlab === undefined) {
    ofSlab = new Map();
    nodes.set(slab, ofSlab);
  }
  const newest = ofSlab.get(slot)?.deref()?.place.generation ?? 0;
  if (newest <= node.place.generation) ofSlab.set(slot, new WeakRef(node));
}

/** The node of a token of another thread, or of this one. */
export function attachedNode(place: Place): SharedNode {
  const known = nodes.get(place.slab)?.get(place.slot)?.deref();
  if (known?.place.generation === place.generation && !known.isClosed) return known;
  const node = new SharedNode(place);
  rememberNode(node);
  return node;
}
