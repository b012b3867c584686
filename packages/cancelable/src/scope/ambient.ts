import { getStore, runWith } from "#platform/ambient";
import { clockOf } from "../runtime/clock.ts";
import { nativeRuntime } from "../runtime/native-runtime.ts";
import { rootOf } from "./root.ts";
import { ScopeNode } from "./scope-node.ts";

/** Asked where nothing has been entered: the scope of the native task that is running, if any. */
let detector: (() => ScopeNode | undefined) | undefined;

export function setDetector(next: (() => ScopeNode | undefined) | undefined): void {
  detector = next;
}

/** The node of a task that another runtime started: it is opened when code of this library first looks at it. */
export abstract class LazyNode extends ScopeNode {
  abstract wake(): void;
}

let nativeRoot: ScopeNode | undefined;

/** Outside of every scope: the native task that is running, else the implicit root of the native runtime. */
function outermostNode(): ScopeNode {
  const detected = detector?.();
  if (detected !== undefined) return detected;
  nativeRoot ??= rootOf(clockOf(nativeRuntime));
  return nativeRoot;
}

/** The scope that the calling code is in (S4: ended ones are looked through). */
export function currentNode(): ScopeNode {
  let node = getStore() as ScopeNode | undefined;
  while (node !== undefined && node.phase !== "open") {
    if (node.phase === "new") (node as LazyNode).wake();
    else if (node.reached !== undefined) break;
    else node = node.parent as ScopeNode | undefined;
  }
  if (node !== undefined) return node;
  const outermost = outermostNode();
  if (outermost.phase === "new") (outermost as LazyNode).wake();
  return outermost;
}

/** Calls `body(argument)` with `node` as the ambient scope. */
export function enter<A, R>(node: ScopeNode, body: (argument: A) => R, argument: A): R {
  return runWith(node, body, argument);
}
