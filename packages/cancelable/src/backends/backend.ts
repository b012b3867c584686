import type { Span } from "../duration.ts";
import { CancellationError } from "../errors.ts";
import { currentNode } from "../scope/ambient.ts";
import { CancelScope, type CancelScopeOptions } from "../scope/cancel-scope.ts";
import { rootOf } from "../scope/root.ts";
import { sleepIn } from "../scope/sleeper.ts";
import { type TaskGroup, type TaskGroupOptions, taskGroup } from "../scope/task-group.ts";
import { Event } from "../sync/event.ts";
import { Lock } from "../sync/lock.ts";
import { Queue } from "../sync/queue.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { BackendRuntime } from "./backend-runtime.ts";

/**
 * An async runtime that this library runs on. A new backend extends this class and writes `now`, `setTimer`,
 * `current` and, if the runtime has tasks of its own, `spawn`. The cancellation tree, the reasons and the
 * verbs are the same on every backend. The members declared here only forward to the public verbs.
 */
export abstract class AsyncBackend extends BackendRuntime {
  /** The class of every cancellation error. */
  get cancelledErrorClass(): typeof CancellationError {
    return CancellationError;
  }

  createCancelScope(options?: CancelScopeOptions): CancelScope {
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

  /** @param max How many items it holds. Default: no bound. */
  createQueue<T>(max?: number): Queue<T> {
    return new Queue<T>(max);
  }

  /** Sleeps on this backend's clock, in the ambient scope if that is one of this backend's. */
  sleep(span: Span): Promise<void> {
    const node = currentNode();
    return sleepIn(node.clock === this.clock ? node : rootOf(this.clock), span);
  }

  /** The time on this backend's clock, in ms. */
  currentTime(): number {
    return this.now();
  }
}
