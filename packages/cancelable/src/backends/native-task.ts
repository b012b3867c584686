import { getStore } from "#platform/ambient";
import type { Clock } from "../runtime/clock.ts";
import { enter, LazyNode } from "../scope/ambient.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { rootOf } from "../scope/root.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import type { AsyncBackend } from "./backend.ts";

/** Callbacks of a {@link NativeTask}, for its backend. */
export interface NativeTaskEvents {
  /**
   * Called when library code in the task uses the ambient scope for the first time. From then on, the backend must call
   * {@link NativeTask.end} when the native task ends.
   */
  used?(task: NativeTask): void;
  /** Called when a first scope or operation starts in the task. {@link NativeTask.idle} resolves when none is left. */
  busy?(task: NativeTask): void;
}

class NativeNode extends LazyNode {
  /** The ambient scope at the first contact with the task. The task is placed below this scope. */
  readonly outer: ScopeNode | undefined;
  readonly #onUse: () => void;

  constructor(clock: Clock, onUse: () => void) {
    super(clock);
    const store = getStore() as ScopeNode | undefined;
    // The runtime ends its tasks in its own order. So a task is not placed below another task of the same runtime.
    const isSibling = store instanceof NativeNode && store.clock.runtime.name === clock.runtime.name;
    this.outer = isSibling ? store.outer : store;
    this.#onUse = onUse;
  }

  override openOnUse(): void {
    let outer = this.outer;
    while (outer?.phase === "closed" && outer.reached === undefined)
      outer = outer.parent as ScopeNode | undefined;
    // `open` would take over the clock of the parent. A node that is attached before keeps its own clock.
    this.attach(outer ?? rootOf(this.clock));
    this.open(this.parent as ScopeNode);
    this.#onUse();
  }
}

/**
 * A scope for a task that another runtime started. Backends use it so that library code in such a task has an ambient
 * scope. Before library code in the task uses the scope, the scope is not in the tree and needs no clean-up.
 */
export class NativeTask {
  readonly scope: CancelScope;
  readonly #node: NativeNode;

  /** @param backend The backend whose clock the scope uses. */
  constructor(backend: AsyncBackend, events: NativeTaskEvents) {
    const { clock } = backend;
    this.#node = new NativeNode(clock, () => events.used?.(this));
    if (events.busy !== undefined) this.#node.whenBusy = () => events.busy?.(this);
    this.scope = new CancelScope(undefined, clock, undefined, this.#node);
  }

  /** Whether a scope or an operation runs in the task. */
  get isBusy(): boolean {
    return this.inUse && this.#node.live > 0;
  }

  /** Resolves when no scope or operation runs in the task. */
  idle(): Promise<void> {
    return this.#node.empty();
  }

  /** Calls `fn(argument)` with the scope of the task as the ambient scope, also after an `await` in `fn`. */
  enter<A, R>(fn: (argument: A) => R, argument: A): R {
    return enter(this.#node, fn, argument);
  }

  /** Whether library code in the task has used the scope, and the task has not ended. */
  get inUse(): boolean {
    return this.#node.phase === "open";
  }

  /**
   * To be called when the native task ends. Cancels everything that still runs in the scope, with reason `parent`, and
   * resolves when all of it has ended.
   */
  async end(message: string): Promise<void> {
    const node = this.#node;
    if (node.phase === "new") {
      node.parent = node.outer ?? rootOf(node.clock);
      node.phase = "closed";
    }
    if (node.phase !== "open") return;
    if (node.live > 0 || node.waiters !== undefined) node.cancelFor("parent", message);
    while (node.live > 0) await node.empty();
    // If the task was interrupted twice, two calls wait here. Only the first one closes the scope.
    if (this.inUse) node.close();
  }
}
