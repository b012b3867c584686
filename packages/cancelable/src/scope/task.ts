import { startWith } from "#platform/ambient";
import { isThenable } from "../arguments.ts";
import type { CancellationError, CancellationReason } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { reachedBeforeShield } from "../token/tree.ts";
import { UsageError } from "../usage-error.ts";
import { withoutCancellation } from "./absorb.ts";
import { currentNode, enter } from "./ambient.ts";
import type { CancelScope } from "./cancel-scope.ts";
import { waitIn } from "./waiting.ts";

/** Where a task is in its life. */
export type TaskStatus = "pending" | "running" | "cancelling" | "completed" | "cancelled" | "failed";

/** Awaiting a task that failed: the task's own error is the `cause`, and goes to its group. */
export class TaskFailedError extends Error {
  constructor(task: string, cause: unknown) {
    super(`Task ${task} failed`, { cause });
    this.name = "TaskFailedError";
  }
}

/** Awaiting a task that was cancelled: the cancellation is the `cause`. */
export class TaskCancelledError extends Error {
  constructor(task: string, cause: unknown) {
    super(`Task ${task} was cancelled`, { cause });
    this.name = "TaskCancelledError";
  }
}

/**
 * A running child of a task group. Awaiting it gives its value; if it failed, a {@link TaskFailedError};
 * if it was cancelled, a {@link TaskCancelledError}. The wait is a checkpoint of whoever awaits.
 */
export interface Task<T> extends PromiseLike<T> {
  /** The function's name, or what was given. */
  readonly name: string;
  readonly status: TaskStatus;
  /** The value, once completed. @throws UsageError before, TaskFailedError or TaskCancelledError else. */
  readonly value: T;
  /** What it failed with, or its cancellation. */
  readonly error: unknown;
  /** Cancels this child alone; its group goes on. False if it was cancelled before, or has ended. */
  cancel(reason?: CancellationReason, message?: string): boolean;
  /** Waits for the end, whatever it is; never throws the task's error. A checkpoint. */
  wait(): Promise<void>;
}

/** @internal Told when a task ends. */
export interface TaskOwner {
  taskEnded(task: TaskHandle<unknown>): void;
}

/** A task as a backend sees it, which runs it. */
export class TaskHandle<T> implements Task<T> {
  readonly scope: CancelScope;
  name = "task";
  /** @internal */
  owner: TaskOwner | undefined = undefined;
  /** @internal Held by the task, to be broken if it ends without giving them back. */
  held: Set<{ ownerEnded(): void }> | undefined = undefined;
  #status: TaskStatus = "pending";
  #result: unknown = undefined;
  #ended: Promise<void> | undefined;
  #end: (() => void) | undefined;

  constructor(scope: CancelScope) {
    this.scope = scope;
    scope.node.task = this;
  }

  get status(): TaskStatus {
    const status = this.#status;
    return (status === "running" || status === "pending") && this.scope.node.reached !== undefined
      ? "cancelling"
      : status;
  }

  get hasEnded(): boolean {
    return this.#status !== "pending" && this.#status !== "running";
  }

  get value(): T {
    switch (this.#status) {
      case "completed":
        return this.#result as T;
      case "failed":
        throw new TaskFailedError(this.name, this.#result);
      case "cancelled":
        throw new TaskCancelledError(this.name, this.#result);
      default:
        throw new UsageError("ERR_NO_RESULT", `Task ${this.name}`);
    }
  }

  get error(): unknown {
    return this.#status === "failed" || this.#status === "cancelled" ? this.#result : undefined;
  }

  cancel(reason: CancellationReason = "manual", message?: string): boolean {
    return !this.hasEnded && this.scope.cancel(reason, message);
  }

  /** Resolves when the task has ended; never rejects, and is no checkpoint. */
  get ended(): Promise<void> {
    this.#ended ??= this.hasEnded
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.#end = resolve;
        });
    return this.#ended;
  }

  wait(): Promise<void> {
    return waitIn(currentNode(), this.ended);
  }

  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.wait()
      .then(() => this.value)
      .then(onValue, onError);
  }

  /** Runs the body in the task's scope, settles the task with what comes out, and calls `done`. */
  execute(body: () => T | PromiseLike<T>, done?: () => void): void {
    enter(this.scope.node, () => this.perform(body, done), undefined);
  }

  /** @internal As {@link execute}, where the task's scope is the ambient one already. */
  perform(body: () => T | PromiseLike<T>, done?: () => void): void {
    this.#status = "running";
    let result: T | PromiseLike<T>;
    try {
      result = body();
    } catch (error) {
      this.#settle(false, error, done);
      return;
    }
    if (isThenable(result)) {
      // Foreign thenables may throw here, or call back twice.
      Promise.resolve(result).then(
        (value) => this.#settle(true, value, done),
        (error: unknown) => this.#settle(false, error, done),
      );
    } else this.#settle(true, result, done);
  }

  #settle(ok: boolean, result: unknown, done: (() => void) | undefined): void {
    const { node } = this.scope;
    // Now: a shield that is raised while this waits for its children does not undo why the body ended.
    const cancellation = node.reached ?? reachedBeforeShield(node);
    const finish = (): void => {
      if (node.live === 0) this.#finish(ok, result, cancellation, done);
      else void (ok ? node.empty() : node.abandonChildren()).then(finish);
    };
    finish();
  }

  #finish(
    ok: boolean,
    result: unknown,
    cancellation: { readonly error: CancellationError } | undefined,
    done: (() => void) | undefined,
  ): void {
    if (ok) {
      this.#status = "completed";
      this.#result = result;
    } else {
      const rest =
        cancellation === undefined
          ? ({ absorbed: false, error: result } as const)
          : withoutCancellation(result, cancellation.error);
      this.#status = rest.absorbed ? "cancelled" : "failed";
      this.#result = rest.absorbed ? cancellation?.error : rest.error;
    }
    if (this.held !== undefined) for (const resource of [...this.held]) resource.ownerEnded();
    // The owner first: it may have to cancel the others before the group is seen empty.
    this.owner?.taskEnded(this as TaskHandle<unknown>);
    this.scope.node.close();
    this.#end?.();
    done?.();
  }
}

/** A runtime that has tasks of its own. */
export interface TaskRuntime extends Runtime {
  /**
   * Starts `body` as a native task in `scope`, later than this call returns, in the order of the
   * calls. Native interruption cancels the scope; cancelling the scope interrupts the native task.
   * `owner` is the scope in whose native task it starts, where that is not the one above `scope`: a
   * child that is being started by another one will be its group's. Left out where promises are all there is.
   */
  spawn?<T>(scope: CancelScope, body: () => T | PromiseLike<T>, owner?: CancelScope): TaskHandle<T>;
}

/** Starts `body` as a task in `scope`, on the runtime that the scope belongs to; see {@link TaskRuntime.spawn}. */
export function spawnIn<T>(
  scope: CancelScope,
  body: () => T | PromiseLike<T>,
  owner?: CancelScope,
): TaskHandle<T> {
  const runtime: TaskRuntime = scope.node.clock.runtime;
  return runtime.spawn === undefined ? spawnTask(scope, body) : runtime.spawn(scope, body, owner);
}

/** Starts `body` in a task of plain promises, after the caller's synchronous part and in its async context. */
export function spawnTask<T>(scope: CancelScope, body: () => T | PromiseLike<T>): TaskHandle<T> {
  const task = new TaskHandle<T>(scope);
  startWith(scope.node, () => task.perform(body));
  return task;
}
