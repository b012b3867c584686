import { startWith } from "#platform/ambient";
import { withoutCancellation } from "../absorb.ts";
import { isThenable } from "../arguments.ts";
import type { CancellationError, CancellationReason } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type CancelOptions, cancelNode } from "../token/cancel.ts";
import { type CancelNode, reachedBeforeShield } from "../token/tree.ts";
import { UsageError } from "../usage-error.ts";
import { currentNode, enter } from "./ambient.ts";
import type { CancelScope } from "./cancel-scope.ts";
import { resolveFairly } from "./fair-turn.ts";
import type { ScopeNode } from "./scope-node.ts";
import { reportSelfWait } from "./self-wait.ts";
import { PromiseWaiter, rejectIfCancelled } from "./waiting.ts";

/** The status of a task. */
export type TaskStatus = "pending" | "running" | "cancelling" | "completed" | "cancelled" | "failed";

/** Thrown by awaiting a task that failed. The error of the task is the `cause`, and also goes to its group. */
export class TaskFailedError extends Error {
  constructor(task: string, cause: unknown) {
    super(`Task ${task} failed`, { cause });
    this.name = "TaskFailedError";
  }
}

/** Thrown by awaiting a task that was cancelled. The cancellation is the `cause`. */
export class TaskCancelledError extends Error {
  constructor(task: string, cause: unknown) {
    super(`Task ${task} was cancelled`, { cause });
    this.name = "TaskCancelledError";
  }
}

/**
 * A running child of a task group. Awaiting a task returns its value, or throws a {@link TaskFailedError} or a
 * {@link TaskCancelledError}. The wait is a checkpoint in the scope of the awaiting code.
 */
export interface Task<T> extends PromiseLike<T> {
  /** The name of the function, or `task`. */
  readonly name: string;
  readonly status: TaskStatus;
  /**
   * The value of a completed task.
   *
   * @throws UsageError before the end, TaskFailedError or TaskCancelledError after another end.
   */
  readonly value: T;
  /** The error with which the task failed, or its cancellation. */
  readonly error: unknown;
  /** Cancels this child alone; its group continues. Returns false if the child was cancelled before or has ended. */
  cancel(reason?: CancellationReason, message?: string, options?: CancelOptions): boolean;
  /** Waits until the task has ended. Never throws the error of the task. A checkpoint. */
  wait(): Promise<void>;
}

/** @internal Names a task in messages after the user's function that it runs. */
export function nameAfter(task: Task<unknown>, fn: unknown): void {
  const name = typeof fn === "function" ? fn.name : "";
  (task as TaskHandle<unknown>).name = name === "" ? "task" : name; // every task is a handle
}

/** @internal Is called when a task ends: its group, or the `start()` that waits for it. */
export interface TaskOwner {
  taskEnded(task: TaskHandle<unknown>): void;
}

/** A wait for the end of a task. A cut-off wait leaves nothing in the task, which may live long. */
class TaskWaiter extends PromiseWaiter<void> {
  readonly #task: TaskHandle<unknown>;
  readonly #ended = (): void => this.resolve();

  constructor(node: ScopeNode, task: TaskHandle<unknown>) {
    super(node);
    this.#task = task;
    task.endings ??= new Set();
    task.endings.add(this.#ended);
  }

  override withdraw(): void {
    this.#task.endings?.delete(this.#ended);
  }

  override cut(error: unknown): void {
    this.withdraw();
    super.cut(error);
  }
}

/** A task as the backend sees it. The backend runs it. */
export class TaskHandle<T> implements Task<T> {
  readonly scope: CancelScope;
  name = "task";
  /** @internal */
  owner: TaskOwner | undefined = undefined;
  /** @internal The locks that the task holds. They become broken if the task ends without releasing them. */
  held: Set<{ ownerEnded(): void }> | undefined = undefined;
  /** @internal Called when the task ends. Must not run user code. */
  endings: Set<() => void> | undefined = undefined;
  #status: TaskStatus = "pending";
  #result: unknown = undefined;

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

  cancel(reason?: CancellationReason, message?: string, options?: CancelOptions): boolean {
    return !this.hasEnded && cancelNode(this.scope.node, this.cancel, reason, message, options) === true;
  }

  wait(): Promise<void> {
    const node = currentNode();
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    if (this.hasEnded) return resolveFairly(node, undefined);
    const { promise: wait } = new TaskWaiter(node, this as TaskHandle<unknown>); // its end has no value
    if (this.#contains(node)) {
      reportSelfWait(this, {
        code: "ERR_WAITS_FOR_ITSELF",
        subject: `Task ${this.name}`,
        clock: node.clock,
        wait,
        held: () => this,
      });
    }
    return wait;
  }

  /** Whether a wait in `node` keeps this task from ending. */
  #contains(node: ScopeNode): boolean {
    const own = this.scope.node;
    for (let above: CancelNode | undefined = node; above !== undefined; above = above.parent)
      if (above === own) return true;
    return false;
  }

  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.wait()
      .then(() => this.value)
      .then(onValue, onError);
  }

  /** Runs `body` in the scope of the task, settles the task with the result, and then calls `done`. */
  execute(body: () => T | PromiseLike<T>, done?: () => void): void {
    enter(this.scope.node, () => this.executeHere(body, done), undefined);
  }

  /** @internal As {@link execute}, if the scope of the task is already the ambient one. */
  executeHere(body: () => T | PromiseLike<T>, done?: () => void): void {
    this.#status = "running";
    let result: T | PromiseLike<T>;
    try {
      result = body();
    } catch (error) {
      this.#settle(false, error, done);
      return;
    }
    if (isThenable(result)) {
      // `Promise.resolve` protects against thenables that throw or that call their callbacks twice.
      Promise.resolve(result).then(
        (value) => this.#settle(true, value, done),
        (error: unknown) => this.#settle(false, error, done),
      );
    } else this.#settle(true, result, done);
  }

  #settle(ok: boolean, result: unknown, done: (() => void) | undefined): void {
    const { node } = this.scope;
    // Read before the wait for the children: a shield that is switched on meanwhile does not change why the body
    // ended.
    const cancellation = node.reached ?? reachedBeforeShield(node);
    const finish = (): void => {
      if (node.live === 0) this.#finish(ok, result, cancellation, done);
      else void (ok ? node.empty() : node.cancelChildren()).then(finish);
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
    // The owner comes before `close`, because a failure must cancel the other children before the group becomes
    // empty.
    this.owner?.taskEnded(this as TaskHandle<unknown>);
    this.scope.node.close();
    for (const ending of this.endings ?? []) ending();
    done?.();
  }
}

/** A runtime that can have native tasks. */
export interface TaskRuntime extends Runtime {
  /**
   * Starts `body` as a native task in `scope`, after this call has returned and in the order of the calls.
   * Interrupting the native task cancels the scope, and cancelling the scope interrupts the native task. Runtimes
   * with only promises omit this method.
   *
   * @param owner The scope whose native task becomes the parent of the new native task. Default: the scope above `scope`.
   * A child of `group.start()` gets the scope of its group, although it is first placed below its starter.
   */
  spawn?<T>(scope: CancelScope, body: () => T | PromiseLike<T>, owner?: CancelScope): TaskHandle<T>;
}

/** Starts `body` as a task in `scope`, on the runtime of the scope; see {@link TaskRuntime.spawn}. */
export function spawnIn<T>(
  scope: CancelScope,
  body: () => T | PromiseLike<T>,
  owner?: CancelScope,
): TaskHandle<T> {
  const runtime: TaskRuntime = scope.node.clock.runtime;
  return runtime.spawn === undefined ? spawnTask(scope, body) : runtime.spawn(scope, body, owner);
}

/** Starts `body` as a task of plain promises, in a later microtask and in the async context of this call. */
export function spawnTask<T>(scope: CancelScope, body: () => T | PromiseLike<T>): TaskHandle<T> {
  const task = new TaskHandle<T>(scope);
  startWith(scope.node, () => task.executeHere(body));
  return task;
}
