import { getStore } from "#platform/ambient";
import type { Clock } from "../runtime/clock.ts";
import { enter, LazyNode } from "../scope/ambient.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { rootOf } from "../scope/root.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import type { AsyncBackend } from "./backend.ts";

/** What a backend is told of a {@link NativeTask}. */
export interface NativeTaskEvents {
  /** Library code in the task looked for the first time: the native runtime is to call {@link NativeTask.end}. */
  used?(task: NativeTask): void;
  /** Scopes and operations run in it now; {@link NativeTask.idle} tells when none does any more. */
  busy?(task: NativeTask): void;
}

class NativeNode extends LazyNode {
  /** Where the task was first seen: the scope that it belongs to, besides its own runtime. */
  readonly outer: ScopeNode | undefined;
  readonly #woken: () => void;

  constructor(clock: Clock, woken: () => void) {
    super(clock);
    const store = getStore() as ScopeNode | undefined;
    // Tasks of a runtime are ended by that runtime, in its own order: one is not below another of the same here.
    const isSibling = store instanceof NativeNode && store.clock.runtime.name === clock.runtime.name;
    this.outer = isSibling ? store.outer : store;
    this.#woken = woken;
  }

  override openOnUse(): void {
    let outer = this.outer;
    while (outer?.phase === "closed" && outer.reached === undefined)
      outer = outer.parent as ScopeNode | undefined;
    // Attached first, a node keeps its own runtime.
    this.attach(outer ?? rootOf(this.clock));
    this.open(this.parent as ScopeNode);
    this.#woken();
  }
}

/**
 * A task that another runtime started, as a scope: for backends that find library code in their
 * runtime's own tasks. Until library code in the task first looks, nothing is in the tree and nothing is to be
 * cleaned up.
 */
export class NativeTask {
  readonly scope: CancelScope;
  readonly #node: NativeNode;

  /** @param backend Whose clock the scope lives on. */
  constructor(backend: AsyncBackend, events: NativeTaskEvents) {
    const { clock } = backend;
    this.#node = new NativeNode(clock, () => events.used?.(this));
    if (events.busy !== undefined) this.#node.whenBusy = () => events.busy?.(this);
    this.scope = new CancelScope(undefined, clock, undefined, this.#node);
  }

  /** Whether a scope or an operation is running in it. */
  get isBusy(): boolean {
    return this.inUse && this.#node.live > 0;
  }

  /** Resolves when no scope or operation is running in it. */
  idle(): Promise<void> {
    return this.#node.empty();
  }

  /** Calls `fn(argument)` with the task's scope as the ambient one, in whatever `fn` goes on to do too. */
  enter<A, R>(fn: (argument: A) => R, argument: A): R {
    return enter(this.#node, fn, argument);
  }

  /** Whether library code has looked, and {@link end} has not been called. */
  get inUse(): boolean {
    return this.#node.phase === "open";
  }

  /**
   * The native task ends. What still runs in its scope is cancelled, with reason `parent`; resolves when that
   * has ended.
   */
  async end(message: string): Promise<void> {
    const node = this.#node;
    if (node.phase === "new") {
      node.parent = node.outer ?? rootOf(node.clock);
      node.phase = "closed";
    }
    if (node.phase !== "open") return;
    if (node.live > 0) node.cancelFor("parent", message);
    while (node.live > 0) await node.empty();
    // Two may have waited: the second end of a task that was interrupted twice.
    if (this.inUse) node.close();
  }
}
