import { startWith } from "#platform/ambient";
import { inLaterTurn } from "#platform/turns";
import type { Span } from "../duration.ts";
import { CancellationError } from "../errors.ts";
import { type Clock, clockOf } from "../runtime/clock.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { currentNode } from "../scope/ambient.ts";
import { CancelScope, type CancelScopeOptions } from "../scope/cancel-scope.ts";
import { rootOf } from "../scope/root.ts";
import { type ScopeNode } from "../scope/scope-node.ts";
import { sleepIn } from "../scope/sleeper.ts";
import { spawnTask, TaskHandle, type TaskRuntime } from "../scope/task.ts";
import { type TaskGroup, type TaskGroupOptions, taskGroup } from "../scope/task-group.ts";
import { Event } from "../sync/event.ts";
import { Lock } from "../sync/lock.ts";
import { Queue } from "../sync/queue.ts";
import { Semaphore } from "../sync/semaphore.ts";
import type { Cancellation } from "../token/cancellation.ts";
import { subscribe } from "../token/token.ts";

const natives = new WeakMap<ScopeNode, object>();

/** What differs between backends, and what the core needs of one. Public as a part of `AsyncBackend`. */
export abstract class BackendRuntime implements TaskRuntime {
  abstract readonly name: string;

  /** Monotonic milliseconds, on the runtime's own clock. */
  abstract now(): number;

  /** Calls `fire` once, not before `at` on that clock. Disposing takes the timer away. */
  abstract setTimer(at: number, fire: () => void): Disposable;

  /** The native task, if the caller runs inside one. */
  abstract current(): unknown | undefined;

  /**
   * The scope that code in the native task `current` belongs to where nothing was entered: of a {@link NativeTask}.
   * Default: the backend's implicit root, which is never cancelled.
   */
  protected scopeOf(_current: unknown): CancelScope | undefined {
    return undefined;
  }

  /** @internal Where code outside of every scope is, if it runs in one of this backend's tasks. */
  locate(): ScopeNode | undefined {
    const current = this.current();
    return current === undefined ? undefined : (this.scopeOf(current)?.node ?? rootOf(this.clock));
  }

  /** Runs `main` in `scope`, which has its place. Default: with plain promises, at once. */
  start<T>(scope: CancelScope, main: (scope: CancelScope) => T | PromiseLike<T>): Promise<T> {
    // It resolves with the value or rejects: `undefined` is the other mode's.
    return scope.execute(main, true, scope.node.parent as ScopeNode) as Promise<T>;
  }

  /**
   * Starts `body` as a native task, later than this call returns and in the order of the calls: makes a
   * task with {@link createTask} and calls its `execute(body, done)` inside the native task. Native
   * interruption calls `scope.cancel("parent", …)`. `owner` is the scope in whose native task it starts, where
   * that is not `scope`'s. The default starts plain promises.
   */
  spawn<T>(scope: CancelScope, body: () => T | PromiseLike<T>, _owner?: CancelScope): TaskHandle<T> {
    return spawnTask(scope, body);
  }

  /** The wall clock that belongs to {@link now}, in epoch milliseconds. Default: the host's. */
  epoch(): number {
    return Date.now();
  }

  /** What the core runs on. */
  protected get runtime(): Runtime {
    return this;
  }

  /** @internal The backend's clock, its deadlines and its implicit root. */
  get clock(): Clock {
    return clockOf(this.runtime);
  }

  /** Calls `fn` in a later microtask, in the order of the calls, in the async context of now and in `scope`. `fn` never throws. */
  protected startLater(scope: CancelScope, fn: () => void): void {
    startWith(scope.node, fn);
  }

  /** Calls `fn` once when cancellation reaches `scope`, after everybody's state has been set, or now if it has. */
  protected onCancelled(scope: CancelScope, fn: (error: CancellationError) => void): Disposable {
    const { node } = scope;
    // Called when `reached` is set.
    return subscribe(node, () => fn((node.reached as Cancellation).error), `the backend "${this.name}"`);
  }

  /** Runs `fn` in a later turn of the event loop; returns what takes that back. Default: the host's turns. */
  turn(fn: () => void): () => void {
    return inLaterTurn(fn);
  }

  /** The task that {@link spawn} returns. */
  protected createTask<T>(scope: CancelScope): TaskHandle<T> {
    return new TaskHandle<T>(scope);
  }

  /** Notes that `task` is the native task of `scope`, and of what is below it as far as it has none of its own. */
  protected setNative(scope: CancelScope, task: object): void {
    natives.set(scope.node, task);
  }

  /** The native task that `scope` runs in: what {@link setNative} noted nearest above it, on this backend's clock. */
  protected nativeOf(scope: CancelScope): object | undefined {
    const { clock } = this;
    let node: ScopeNode | undefined = scope.node;
    while (node !== undefined && node.clock === clock) {
      const native = natives.get(node);
      if (native !== undefined) return native;
      node = node.parent as ScopeNode | undefined;
    }
    return undefined;
  }
}
