import { invalidType } from "../arguments.ts";
import { AsyncBackend } from "../backends/backend.ts";
import { detectBackend } from "../backends/detect.ts";
import type { Cancellable } from "../cancellable.ts";
import type { OperationStatus } from "../operation/status.ts";
import { placeOf } from "../place.ts";
import { LinkedNode } from "../scope/linked-node.ts";
import { rootOf } from "../scope/root.ts";
import { ScopeNode } from "../scope/scope-node.ts";
import type { ScopeParent } from "../scope/scope-options.ts";
import type { TaskHandle } from "../scope/task.ts";

/** The operation of a live scope. */
export interface LiveOperation {
  readonly id: string;
  readonly name: string | undefined;
  readonly status: OperationStatus;
}

/** A scope that has not ended, as plain data. */
export interface LiveScope {
  /** Identifies the scope in this process. Every snapshot of a scope has the same id. */
  readonly id: number;
  /**
   * The id of the scope above. Undefined for the root of a backend, and for a scope without a place in the tree yet.
   */
  readonly parentId: number | undefined;
  /** `root` is the implicit root of a backend. `scope` is neither the scope of an operation nor of a task. */
  readonly kind: "root" | "operation" | "task" | "scope";
  /** The name of the backend, the operation or the task. Undefined for `scope`, and for an operation without a name. */
  readonly name: string | undefined;
  /** The operation of this scope, or else the nearest operation above. */
  readonly operation: LiveOperation | undefined;
  /** Whether a cancellation has reached the scope. */
  readonly isCancelled: boolean;
  /** Where the scope was made. Undefined unless `keepPlaces` was on by then. */
  readonly place: string | undefined;
  /** The number of sleeps, other waits and subscriptions in this scope. Scopes below are not counted. */
  readonly waits: number;
}

/**
 * Returns the live scopes from `from` down, for tests and dashboards. `from` itself is the first, and every scope
 * comes after its parent. The result is empty if `from` has ended. Reading changes nothing: no deadline expires.
 *
 * @param from A backend, which means its implicit root, or a scope or an operation. Default: the ambient backend.
 * @throws TypeError if `from` is something else.
 * @example
 * ```ts
 * import { Cancellable, sleep } from "@hother/cancelable";
 * import { liveScopes } from "@hother/cancelable/inspect";
 *
 * await new Cancellable({ name: "import" }).run(async (op) => {
 *   const pause = sleep(1);
 *   const [scope] = liveScopes(op);
 *   console.assert(scope.kind === "operation" && scope.name === "import" && scope.waits === 1);
 *   await pause;
 * });
 * ```
 */
export function liveScopes(from: AsyncBackend | ScopeParent = detectBackend()): LiveScope[] {
  const first =
    from instanceof AsyncBackend ? rootOf(from.clock) : (from as Partial<ScopeParent> | null)?.node;
  if (!(first instanceof ScopeNode))
    throw invalidType("from", "an AsyncBackend, a Cancellable or a CancelScope", from);
  if (first.phase === "closed") return [];
  const nodes: ScopeNode[] = [first];
  for (let i = 0; i < nodes.length; i++) {
    // Not `push(...children)`: the arguments of a very wide tree do not fit on the stack.
    for (const child of (nodes[i] as ScopeNode).children() as ScopeNode[]) nodes.push(child);
  }
  return nodes.map(describe);
}

const ids = new WeakMap<ScopeNode, number>();
let lastId = 0;

function idOf(node: ScopeNode): number {
  let id = ids.get(node);
  if (id === undefined) {
    id = ++lastId;
    ids.set(node, id);
  }
  return id;
}

function describe(node: ScopeNode): LiveScope {
  const parent = node.parent as ScopeNode | undefined;
  // Only operations and tasks are stored in these two fields.
  const operation = node.operation as Cancellable | undefined;
  const task = node.task as TaskHandle<unknown> | undefined;
  return {
    id: idOf(node),
    parentId: parent === undefined ? undefined : idOf(parent),
    ...kindOf(node, parent, operation, task),
    operation:
      operation === undefined
        ? undefined
        : { id: operation.id, name: operation.name, status: operation.status },
    isCancelled: node.reached !== undefined,
    place: placeOf(node),
    waits: waitsIn(node),
  };
}

/** A node inherits the operation and the task of its parent, so its own ones differ from those of the parent. */
function kindOf(
  node: ScopeNode,
  parent: ScopeNode | undefined,
  operation: Cancellable | undefined,
  task: TaskHandle<unknown> | undefined,
): Pick<LiveScope, "kind" | "name"> {
  if (operation !== undefined && operation !== parent?.operation)
    return { kind: "operation", name: operation.name };
  if (task !== undefined && task !== parent?.task) return { kind: "task", name: task.name };
  if (parent === undefined && node === rootOf(node.clock))
    return { kind: "root", name: node.clock.runtime.name };
  return { kind: "scope", name: node instanceof LinkedNode ? node.name : undefined };
}

function waitsIn(node: ScopeNode): number {
  let count = 0;
  for (let waiter = node.waiters; waiter !== undefined; waiter = waiter.next) count++;
  return count;
}
