import { type Copy, copies, thisCopy } from "../copy.ts";
import { warn } from "../reporter.ts";
import type { Clock } from "../runtime/clock.ts";
import { onAbort } from "../token/abort-signal.ts";
import { ScopeNode } from "./scope-node.ts";

const nodes = new WeakMap<AbortSignal, ScopeNode>();
let isWarned = false;

/**
 * The node for a scope of another copy of this package, which the calling code has entered: a root that is cancelled
 * with this scope, so that a limit of the other copy reaches the waits of this one. Undefined outside of such a scope.
 */
export function foreignNode(clock: Clock): ScopeNode | undefined {
  for (const copy of copies) {
    const signal = copy === thisCopy ? undefined : copy.enteredSignal?.();
    if (signal === undefined) continue;
    warnOfCopies(copy);
    let node = nodes.get(signal);
    if (node === undefined) {
      const root = new ScopeNode(clock);
      root.phase = "open";
      onAbort(signal, ({ reason, message }) => {
        root.cancelFor(reason, message, { cause: signal.reason, fromSignal: true });
      });
      nodes.set(signal, root);
      node = root;
    }
    return node;
  }
  return undefined;
}

function warnOfCopies(other: Copy): void {
  if (isWarned) return;
  isWarned = true;
  warn(
    `two copies of this package work in one program, ${other.version} and ${thisCopy.version}. A cancellation in a scope ` +
      "of one reaches the waits of the other, but they share neither operations, nor registries, nor deadlines. " +
      "Install one version (see npm ls @hother/cancelable), and bundle it once. This is said once.",
  );
}
