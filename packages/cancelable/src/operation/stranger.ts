import { CancellationError } from "../errors.ts";
import { warn } from "../reporter.ts";
import type { CancelNode } from "../token/tree.ts";

interface Owner {
  readonly label: string;
  readonly node: CancelNode;
}

let isWarned = false;

/**
 * To be called when `operation` has failed: warns once if its error is the cancellation of an operation that is neither
 * above nor below. A queue or pool that runs the functions of one caller in the async context of another causes this.
 */
export function warnOfStranger(operation: Owner, error: unknown): void {
  if (isWarned) return;
  const stranger = CancellationError.ownerOf(error) as Partial<Owner> | undefined;
  const node = stranger?.node;
  // An owner that is a scope has no node.
  if (node === undefined || isWithin(node, operation.node) || isWithin(operation.node, node)) return;
  isWarned = true;
  warn(
    `${operation.label} failed with the cancellation of ${stranger?.label}, to which it does not belong. Either it awaited a ` +
      "result of that operation, or its code ran in the async context of that operation, as in a queue or a pool of " +
      "another library. For the latter, pass bind(fn) or op.wrap(fn) to the queue. This is said once.",
  );
}

function isWithin(node: CancelNode, whole: CancelNode): boolean {
  for (let above: CancelNode | undefined = node; above !== undefined; above = above.parent)
    if (above === whole) return true;
  return false;
}
