import type { Clock } from "../runtime/clock.ts";
import { ScopeNode } from "./scope-node.ts";

const roots = new WeakMap<Clock, ScopeNode>();

/** The implicit root of the tree of one runtime. It is always open and never cancelled. */
export function rootOf(clock: Clock): ScopeNode {
  let root = roots.get(clock);
  if (root === undefined) {
    root = new ScopeNode(clock);
    root.phase = "open";
    roots.set(clock, root);
  }
  return root;
}
