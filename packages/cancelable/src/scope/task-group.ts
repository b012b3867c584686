/*
 * A scope that owns concurrently running children and waits for all of them.
 *
 *  G1  The group ends when the body and every child have ended, and every `start()` has been decided.
 *  G2  The first failure cancels the group's scope and is what the group rejects with, whatever comes after.
 *  G3  A child that was cancelled, alone or with the group, is no failure.
 *  G4  A child hangs below the group's scope, not below the scope of who started it; one that is being
 *      `start()`ed hangs below its starter until it has said that it started.
 */

import { invalidType, requireFunction, requireOptions } from "../arguments.ts";
import type { CancellationReason } from "../errors.ts";
import { report } from "../reporter.ts";
import { reachedBeforeShield } from "../token/tree.ts";
import { UsageError } from "../usage-error.ts";
import { withoutCancellation } from "./absorb.ts";
import { currentNode, enter } from "./ambient.ts";
import { CancelScope, type ParentOption, parentNode } from "./cancel-scope.ts";
import type { ScopeNode } from "./scope-node.ts";
import { spawnIn, type Task, TaskFailedError, type TaskHandle, type TaskOwner } from "./task.ts";

export interface TaskGroupOptions extends ParentOption {
  /**
   * `"first"` (default): the group rejects with the first failure itself; later ones are on
   * {@link TaskGroup.errors} and go to the reporter. `"collect"`: with an `AggregateError` of all,
   * also for one.
   */
  readonly failures?: "first" | "collect";
}

export class TaskGroup {
  /** The group's own scope: its deadline, its shield, its signal. */
  readonly scope: CancelScope;
  /** Every failure so far, in order of time. */
  readonly errors: readonly unknown[] = [];
  readonly #collect: boolean;
  readonly #owner: TaskOwner;
  /** A child was cancelled from outside of the group: what it was to do is not done. */
  #interrupted = false;

  /** @internal */
  constructor(collect: boolean) {
    this.scope = new CancelScope();
    this.#collect = collect;
    this.#owner = { taskEnded: (task) => this.#taskEnded(task) };
  }

  /** The children that have not ended. */
  get tasks(): ReadonlyArray<Task<unknown>> {
    const tasks: Task<unknown>[] = [];
    for (const child of this.scope.node.children() as ScopeNode[]) {
      // Not what the body opened, which has the task around the group, nor what `start` has not handed over yet.
      const task = child.task as TaskHandle<unknown> | undefined;
      if (task?.scope.node === child && task.owner === this.#owner && !task.hasEnded) tasks.push(task);
    }
    return tasks;
  }

  /**
   * Starts `fn(...args)` as a child. Not a line of it runs before this returns; children start in order.
   *
   * @throws UsageError when the group has ended.
   */
  startSoon<A extends unknown[], T>(fn: (...args: A) => T | PromiseLike<T>, ...args: A): Task<T> {
    requireFunction(fn, "fn");
    this.#requireOpen();
    const { node } = this.scope;
    const scope = new CancelScope(undefined, node.clock);
    scope.node.open(node);
    const task = spawnIn<T>(
      scope,
      args.length === 0 ? (fn as unknown as () => T | PromiseLike<T>) : () => fn(...args),
    );
    task.owner = this.#owner;
    const { name } = fn;
    if (name !== "") task.name = name;
    return task;
  }

  /**
   * Starts a child and waits until it calls `started(value)`; resolves with that value. Until then the
   * child belongs to the caller: its errors come out of `start`, and cancelling the caller cancels it.
   * From then on it belongs to the group (trio: `nursery.start`).
   */
  start<T>(fn: (started: (value: T) => void) => unknown): Promise<T> {
    try {
      requireFunction(fn, "fn");
      this.#requireOpen();
    } catch (error) {
      return Promise.reject(error);
    }
    const group = this.scope.node;
    const scope = new CancelScope();
    group.live++; // G1: held open until this is decided
    const release = (): void => {
      if (--group.live === 0) group.whenEmpty?.();
    };
    scope.node.open(currentNode());
    return new Promise<T>((resolve, reject) => {
      let given: { readonly value: T } | undefined;
      const started = (value: T): void => {
        if (given !== undefined) throw new UsageError("ERR_STARTED_TWICE", "started()");
        given = { value };
        // Cancelled by its starter: it stays there, and its end decides.
        if (task.hasEnded || scope.node.reached !== undefined) return;
        scope.node.move(group);
        task.owner = this.#owner;
        release();
        resolve(value);
      };
      const task = spawnIn<unknown>(scope, () => fn(started), this.scope);
      if (fn.name !== "") task.name = fn.name;
      task.owner = {
        taskEnded: () => {
          release();
          if (task.error !== undefined || task.status !== "completed") reject(task.error);
          else if (given !== undefined) resolve(given.value);
          else reject(new UsageError("ERR_NEVER_STARTED", `Task ${task.name}`));
        },
      };
    });
  }

  /** Cancels the body and every child. The group then ends without an error. */
  cancel(reason: CancellationReason = "manual", message?: string): boolean {
    return this.scope.cancel(reason, message);
  }

  #requireOpen(): void {
    if (this.scope.node.phase !== "open") throw new UsageError("ERR_GROUP_ENDED", "The task group");
  }

  #taskEnded(task: TaskHandle<unknown>): void {
    if (task.status === "failed") this.#fail(task.error, `task ${task.name}`);
    else if (task.status === "cancelled") {
      const { own, reached } = this.scope.node;
      if (reached !== undefined && reached !== own) this.#interrupted = true;
    }
  }

  #fail(error: unknown, who: string): void {
    (this.errors as unknown[]).push(error);
    if (this.errors.length > 1 && !this.#collect) report(error, `${who}, after its group had failed`);
    this.scope.node.cancelFor("error", `${who} failed`, { cause: error });
  }

  /** @internal The body threw: nothing more to do if that was a cancellation of the group, or a child's failure that came through it. */
  bodyFailed(error: unknown): void {
    const { node } = this.scope;
    // A shield that was raised in its clean-up does not undo why the body ended.
    const reached = node.pending() ?? reachedBeforeShield(node);
    const rest =
      reached === undefined
        ? ({ absorbed: false, error } as const)
        : withoutCancellation(error, reached.error);
    if (rest.absorbed) return;
    if (isFailureOf(rest.error, this.errors)) return;
    this.#fail(rest.error, "the body of the group");
  }

  /** @internal What the group ends with. */
  outcome<T>(body: { readonly value: T } | undefined): T | undefined {
    if (this.errors.length > 0) {
      if (!this.#collect) throw this.errors[0];
      throw new AggregateError(this.errors, `${this.errors.length} failed in a task group`);
    }
    const { own, reached, parent, shielded } = this.scope.node;
    const outer = own === undefined ? reached : shielded ? undefined : parent?.pending();
    if (outer !== undefined && (body === undefined || this.#interrupted)) throw outer.error;
    return body?.value;
  }
}

/** Whether an error only passes on one of `failures`. Safe against errors that throw when they are looked at. */
function isFailureOf(error: unknown, failures: readonly unknown[]): boolean {
  try {
    return error instanceof TaskFailedError && failures.includes(error.cause);
  } catch {
    return false;
  }
}

/**
 * Runs `body` with a group in which it can start children, and ends when all have ended. Resolves with
 * the body's value, or `undefined` if `group.cancel()` interrupted it. The first failure of anybody
 * cancels the others, and the group rejects with that failure.
 *
 * @example
 * ```ts
 * import { sleep, taskGroup } from "@hother/cancelable";
 *
 * await taskGroup(async (group) => {
 *   const quick = group.startSoon(async () => {
 *     await sleep(5);
 *     return "done";
 *   });
 *   group.startSoon(() => sleep({ hours: 1 }));
 *   console.assert((await quick) === "done");
 *   group.cancel();
 * });
 * ```
 */
export async function taskGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options?: TaskGroupOptions,
): Promise<T | undefined> {
  requireFunction(body, "body");
  requireOptions(options);
  const failures: unknown = options?.failures;
  if (failures !== undefined && failures !== "first" && failures !== "collect") {
    throw invalidType("options.failures", '"first" or "collect"', failures);
  }
  const group = new TaskGroup(failures === "collect");
  const { node } = group.scope;
  node.open(parentNode(options));
  let result: { readonly value: T } | undefined;
  try {
    result = { value: await enter(node, body, group) };
  } catch (error) {
    group.bodyFailed(error);
  }
  // Children start children: empty once is not empty for good.
  while (node.live > 0) await node.empty();
  node.close();
  return group.outcome(result);
}
