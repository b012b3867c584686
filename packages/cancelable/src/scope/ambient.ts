import { followsAwait, getStore } from "#platform/ambient";
import { copies, thisCopy } from "../copy.ts";
import { setAmbientClock } from "../runtime/ambient-clock.ts";
import { clockOf } from "../runtime/clock.ts";
import { nativeRuntime } from "../runtime/native-runtime.ts";
import { foreignNode } from "./foreign-scope.ts";
import { warnOfLostScope } from "./lost-scope.ts";
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
 * The scope outside every scope that was entered in this copy of the library: the native task that is running, a scope of
 * another copy, or the implicit root of the native runtime.
 */
function outermostNode(): ScopeNode {
  const detected = detector?.();
  if (detected !== undefined) {
    if (detected.phase === "new") (detected as LazyNode).openOnUse();
    return detected;
  }
  const clock = clockOf(nativeRuntime);
  if (copies.length > 1) {
    const foreign = foreignNode(clock);
    if (foreign !== undefined) return foreign;
  }
  nativeRoot ??= rootOf(clock);
  return nativeRoot;
}

/** The scope that the calling code has entered. Closed scopes are transparent (S4). */
function enteredNode(): ScopeNode | undefined {
  let node = getStore() as ScopeNode | undefined;
  while (node !== undefined && node.phase !== "open") {
    if (node.phase === "new") (node as LazyNode).openOnUse();
    else if (node.reached !== undefined) break;
    else node = node.parent as ScopeNode | undefined;
  }
  return node;
}

/**
 * The scope to which a call without an explicit scope belongs: the scope that the calling code runs in. On hosts without
 * AsyncLocalStorage the scope can be lost, and there is one warning.
 */
export function currentNode(): ScopeNode {
  const entered = enteredNode();
  if (entered !== undefined) return entered;
  const outermost = outermostNode();
  if (!followsAwait) warnOfLostScope(outermost);
  return outermost;
}

/** As {@link currentNode}, without the warning: for calls that are right outside of every scope too, such as a new operation. */
export function ambientNode(): ScopeNode {
  return enteredNode() ?? outermostNode();
}

setAmbientClock(() => ambientNode().clock);
thisCopy.enteredSignal = () => {
  const node = enteredNode();
  return node === undefined || node === nativeRoot ? undefined : node.signal;
};

/** `enter(node, body, argument)` calls `body(argument)` with `node` as the ambient scope. */
export { runWith as enter } from "#platform/ambient";
