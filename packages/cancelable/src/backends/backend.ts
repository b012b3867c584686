import { markCopy } from "../copy.ts";
import type { Span } from "../duration.ts";
import { CancellationError } from "../errors.ts";
import { currentNode } from "../scope/ambient.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { rootOf } from "../scope/root.ts";
import type { ScopeOptions } from "../scope/scope-options.ts";
import { sleepIn } from "../scope/sleeper.ts";
import { type TaskGroup, type TaskGroupOptions, taskGroup } from "../scope/task-group.ts";
import { Event } from "../sync/event.ts";
import { Lock } from "../sync/lock.ts";
import { Queue } from "../sync/queue.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { BackendRuntime } from "./backend-runtime.ts";
import { threadCallsOf, threadRunner } from "./thread-operations.ts";

/**
 * An async runtime on which operations run. A new backend extends this class and defines `name`, `now`, `setTimer`,
 * `current` and, if the runtime has tasks of its own, `spawn`. The tree of scopes, the reasons and the functions of the
 * library are the same on every backend. The members of this class only forward to these functions.
 */
export abstract class AsyncBackend extends BackendRuntime {
  /** The base class of all cancellation errors. */
  get cancelledErrorClass(): typeof CancellationError {
    return CancellationError;
  }

  createCancelScope(options?: ScopeOptions): CancelScope {
    return new CancelScope(options);
  }

  createTaskGroup<T>(
    body: (group: TaskGroup) => T | PromiseLike<T>,
    options?: TaskGroupOptions,
  ): Promise<T | undefined> {
    return taskGroup(body, options);
  }

  createLock(): Lock {
    return new Lock();
  }

  createEvent(): Event {
    return new Event();
  }

  createSemaphore(initial: number): Semaphore {
    return new Semaphore(initial);
  }

  /** @param max The maximum number of items. Default: no maximum. */
  createQueue<T>(max?: number): Queue<T> {
    return new Queue<T>(max);
  }

  /**
   * Sleeps on the clock of this backend. The ambient scope can cancel the sleep only if it uses the same clock.
   *
   * @param span In milliseconds or as a `Duration`.
   */
  sleep(span: Span): Promise<void> {
    const node = currentNode();
    return sleepIn(node.clock === this.clock ? node : rootOf(this.clock), span);
  }

  /**
   * Calls a handler of a `ThreadBridge` soon, by its name. In the thread of the bridge this is the bridge that was started
   * last on this backend. In a thread without one it is the bridge to which the thread attached last.
   *
   * @throws UsageError `ERR_NO_BRIDGE`, and the errors of `ThreadBridge.callSoon`.
   */
  callSoonThreadsafe(name: string, payload?: unknown): void {
    threadCallsOf(this).callSoon(name, payload);
  }

  /**
   * Runs a function in a thread of a pool, as `runInThread(work, args)` of `@hother/cancelable/threads` does, which
   * must be imported. A cancellation waits for the function.
   *
   * @param work The module, as `{ module: new URL("./work.js", import.meta.url), export: "name" }`, or a function that uses
   *   nothing from outside of itself.
   * @returns A promise that rejects with a UsageError `ERR_NO_THREADS`, and with the errors of `runInThread`.
   */
  async runSyncInThread<F extends (...args: never[]) => unknown>(
    work: { readonly module: URL; readonly export?: string | undefined; readonly type?: F | undefined } | F,
    ...args: Parameters<F>
  ): Promise<Awaited<ReturnType<F>>> {
    return (await threadRunner(this)(work, args)) as Awaited<ReturnType<F>>; // the result of F
  }

  /** The same as {@link now}. */
  currentTime(): number {
    return this.now();
  }
}
markCopy(AsyncBackend);
