import type { Cancellable } from "../cancellable.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import type { TaskHandle } from "../scope/task.ts";

/** Everything below `root` that has not ended, from the top down. */
export function liveScopes(root: ScopeNode): ScopeNode[] {
  const found = root.children() as ScopeNode[];
  for (let i = 0; i < found.length; i++) found.push(...((found[i] as ScopeNode).children() as ScopeNode[]));
  return found;
}

/** What belongs to the node itself, and not to one above. */
function ownOf(node: ScopeNode): {
  operation: Cancellable | undefined;
  task: TaskHandle<unknown> | undefined;
} {
  const above = node.parent as ScopeNode | undefined;
  // Only operations and tasks are put there.
  const operation = node.operation === above?.operation ? undefined : (node.operation as Cancellable);
  const task = node.task === above?.task ? undefined : (node.task as TaskHandle<unknown>);
  return { operation, task };
}

/** The tasks among the nodes, by name; the operation that they run in is named too. */
export function taskNames(nodes: readonly ScopeNode[]): string[] {
  const names: string[] = [];
  for (const node of nodes) {
    const { task } = ownOf(node);
    if (task === undefined) continue;
    const operation = node.operation as Cancellable | undefined;
    names.push(`task "${task.name}"${operation === undefined ? "" : ` in ${operation.label}`}`);
  }
  return names;
}

/** Operations, and tasks and plain scopes, each kind with its number and by name. */
export function scopeNames(nodes: readonly ScopeNode[]): string[] {
  const operations: string[] = [];
  const others: string[] = [];
  for (const node of nodes) {
    const { operation, task } = ownOf(node);
    if (operation !== undefined) operations.push(`${operation.label} (${operation.status})`);
    else others.push(task === undefined ? "a scope" : `task "${task.name}"`);
  }
  const found: string[] = [];
  if (operations.length > 0) found.push(`operations: ${operations.length}, ${operations.join(", ")}`);
  if (others.length > 0) found.push(`tasks and scopes: ${others.length}, ${others.join(", ")}`);
  return found;
}

/** How many sleeps, other waits and subscriptions there are in the nodes. */
export function waitCount(nodes: readonly ScopeNode[]): number {
  let count = 0;
  for (const node of nodes) {
    for (let waiter = node.waiters; waiter !== undefined; waiter = waiter.next) count++;
  }
  return count;
}
