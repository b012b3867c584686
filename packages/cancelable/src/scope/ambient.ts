import { getStore } from "#platform/ambient";
import { clockOf } from "../runtime/clock.ts";
import { nativeRuntime } from "../runtime/native-runtime.ts";
import { rootOf } from "./root.ts";
import { ScopeNode } from "./scope-node.ts";

/** Returns the scope of the native task that is running, if any. Called where no scope has been entered. */
let detector: (() => ScopeNode | undefined) | undefined;

export function setDetector(next: (() => ScopeNode | undefined) | undefined): void {
  detector = next;
}

/**
 * The node of a task that another runtime started. It is opened when library code in the task first uses the ambient
 * scope.
 */
export abstract class LazyNode extends ScopeNode {
  abstract openOnUse(): void;
}

let nativeRoot: ScopeNode | undefined;

/**
 * The scope outside every entered scope: the native task that is running, or the implicit root of the native runtime.
 */
function outermostNode(): ScopeNode {
  const detected = detector?.();
  if (detected !== undefined) return detected;
  nativeRoot ??= rootOf(clockOf(nativeRuntime));
  return nativeRoot;
}

/** The scope that the calling code runs in. Closed scopes are transparent (S4). */
export function currentNode(): ScopeNode {
  let node = getStore() as ScopeNode | undefined;
  while (node !== undefined && node.phase !== "open") {
    if (node.phase === "new") (node as LazyNode).openOnUse();
    else if (node.reached !== undefined) break;
    else node = node.parent as ScopeNode | undefined;
  }
  if (node !== undefined) return node;
  const outermost = outermostNode();
  if (outermost.phase === "new") (outermost as LazyNode).openOnUse();
  return outermost;
}

/** `enter(node, body, argument)` calls `body(argument)` with `node` as the ambient scope. */
export { runWith as enter } from "#platform/ambient";
