import { getStore, runWith } from "#host/ambient";
import { nativeRuntime } from "../backends/native-runtime.ts";
import type { Runtime } from "./runtime.ts";
import { hostOf, type ScopeNode } from "./scope-node.ts";

/** Asked where nothing has been entered: the runtime whose native task is running, if any. */
let detector: (() => Runtime | undefined) | undefined;

export function setDetector(next: (() => Runtime | undefined) | undefined): void {
  detector = next;
}

let nativeRoot: ScopeNode | undefined;

/** The implicit root: of the runtime whose task is running, else of the native one. */
function rootNode(): ScopeNode {
  const detected = detector?.();
  if (detected !== undefined) return hostOf(detected).root;
  nativeRoot ??= hostOf(nativeRuntime).root;
  return nativeRoot;
}

/** The scope that the calling code is in (S4: ended ones are looked through). */
export function currentNode(): ScopeNode {
  let node = getStore() as ScopeNode | undefined;
  while (node !== undefined && node.phase === "closed" && node.reached === undefined) {
    node = node.parent as ScopeNode | undefined;
  }
  return node ?? rootNode();
}

/** Calls `body(argument)` with `node` as the ambient scope. */
export function enter<A, R>(node: ScopeNode, body: (argument: A) => R, argument: A): R {
  return runWith(node, body, argument);
}
