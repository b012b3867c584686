import { startWith } from "#platform/ambient";
import { inLaterTurn } from "#platform/turns";
import type { CancellationError } from "../errors.ts";
import { type Clock, clockOf } from "../runtime/clock.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import { rootOf } from "../scope/root.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { spawnTask, TaskHandle, type TaskRuntime } from "../scope/task.ts";
import type { Cancellation } from "../token/cancellation.ts";
import { subscribe } from "../token/token.ts";

/** The native tasks that backends have recorded. See {@link BackendRuntime.setNative}. */
const nativeTasks = new WeakMap<ScopeNode, object>();

/**
 * The contract between the core and a backend. A backend must implement `name`, `now`, `setTimer` and `current`. The
 * other methods have defaults for plain promises. This class is public as the base of `AsyncBackend`.
 */
export abstract class BackendRuntime implements TaskRuntime {
  abstract readonly name: string;

  /** The time on the clock of the backend, in ms. It never goes back. */
  abstract now(): number;

  /** Calls `fire` once, when {@link now} has reached `at` or later. Disposing the result cancels the timer. */
  abstract setTimer(at: number, fire: () => void): Disposable;

  /** The native task in which the caller runs, if any: for Effect, a fiber. */
  abstract current(): unknown | undefined;

  /**
   * The scope of library code that runs in the native task `current` outside every entered scope. A backend returns the
   * scope of a `NativeTask`. Default: the implicit root of the backend, which is never cancelled.
   */
  protected scopeOf(_current: unknown): CancelScope | undefined {
    return undefined;
  }

  /**
   * @internal The node of the caller outside every entered scope, if the caller runs in a native task of this backend.
   */
  locate(): ScopeNode | undefined {
    const current = this.current();
    return current === undefined ? undefined : (this.scopeOf(current)?.node ?? rootOf(this.clock));
  }

  /**
   * Runs `main` in `scope`, for `run()`. The scope already has a place in the tree. Default: calls `main` immediately,
   * without a native task.
   */
  start<T>(scope: CancelScope, main: (scope: CancelScope) => T | PromiseLike<T>): Promise<T> {
    // With `true`, a cancellation rejects, so `undefined` is not added to the possible results.
    return scope.execute(main, true, scope.node.parent as ScopeNode) as Promise<T>;
  }

  /**
   * Starts `body` as a native task, after this call has returned and in the order of the calls. An implementation
   * creates the task with {@link createTask} and calls `task.execute(body, done)` inside the native task. When the
   * native task is interrupted from outside, the implementation calls `scope.cancel("parent", …)`. Default: plain
   * promises.
   *
   * @param _owner The scope whose native task becomes the parent of the new native task. Default: `scope`.
   */
  spawn<T>(scope: CancelScope, body: () => T | PromiseLike<T>, _owner?: CancelScope): TaskHandle<T> {
    return spawnTask(scope, body);
  }

  /**
   * The wall clock that belongs to {@link now}, in milliseconds since the epoch. Default: the wall clock of the host.
   */
  epoch(): number {
    return Date.now();
  }

  /**
   * A random number from 0 up to, and without, 1. Everything random in the library asks the backend: the jitter of
   * `retry`, for example. Default: `Math.random`.
   */
  random(): number {
    return Math.random();
  }

  /** The runtime that the core uses for this backend. */
  protected get runtime(): Runtime {
    return this;
  }

  /** @internal The clock of the backend, with the deadlines that are set on it. */
  get clock(): Clock {
    return clockOf(this.runtime);
  }

  /**
   * Calls `fn` in a later microtask, in the order of the calls. `fn` runs in `scope` and in the async context of this
   * call. `fn` must not throw.
   */
  protected startLater(scope: CancelScope, fn: () => void): void {
    startWith(scope.node, fn);
  }

  /**
   * Calls `fn` once, when a cancellation reaches `scope` and every scope below has its new state. If `scope` is already
   * cancelled, `fn` is called immediately.
   */
  protected onCancelled(scope: CancelScope, fn: (error: CancellationError) => void): Disposable {
    const { node } = scope;
    // `reached` is set before the subscriber is called.
    return subscribe(node, () => fn((node.reached as Cancellation).error), `the backend "${this.name}"`);
  }

  /**
   * Calls `fn` in a later turn of the event loop. Returns a function that prevents the call. Default: the host's turns.
   */
  turn(fn: () => void): () => void {
    return inLaterTurn(fn);
  }

  /** Creates the task that {@link spawn} returns. */
  protected createTask<T>(scope: CancelScope): TaskHandle<T> {
    return new TaskHandle<T>(scope);
  }

  /** Records the native task of `scope`. Scopes below `scope` have the same native task unless another is recorded. */
  protected setNative(scope: CancelScope, task: object): void {
    nativeTasks.set(scope.node, task);
  }

  /**
   * The native task in which `scope` runs: the nearest one on the path to the root that {@link setNative} recorded. The
   * path ends where a scope uses the clock of another backend.
   */
  protected nativeOf(scope: CancelScope): object | undefined {
    const { clock } = this;
    let node: ScopeNode | undefined = scope.node;
    while (node !== undefined && node.clock === clock) {
      const native = nativeTasks.get(node);
      if (native !== undefined) return native;
      node = node.parent as ScopeNode | undefined;
    }
    return undefined;
  }
}
