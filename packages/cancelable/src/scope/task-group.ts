/*
 * A scope that owns children, which run concurrently, and that waits for all of them.
 *
 *  G1  The group ends when the body and every child have ended, and every `start()` has been decided.
 *  G2  The first failure cancels the scope of the group, and the group rejects with this failure, whatever happens
 *      later.
 *  G3  A cancelled child is not a failure, whether it was cancelled alone or with the group.
 *  G4  A child is placed below the scope of the group, not below the scope of the code that started it. During
 *      `start()`, a child is placed below the scope of its starter until the child reports that it has started.
 */

import { withoutCancellation } from "../absorb.ts";
import { requireFunction, requireOneOf } from "../arguments.ts";
import type { CancellationReason } from "../errors.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { report } from "../reporter.ts";
import { type CancelOptions, cancelNode } from "../token/cancel.ts";
import type { Cancellation } from "../token/cancellation.ts";
import { reachedBeforeShield } from "../token/tree.ts";
import { UsageError } from "../usage-error.ts";
import { ambientNode, currentNode, enter } from "./ambient.ts";
import { CancelScope } from "./cancel-scope.ts";
import { emptyStack, type Unclosed, unclosed } from "./empty-stack.ts";
import { afterTurn } from "./fair-turn.ts";
import type { ScopeNode } from "./scope-node.ts";
import { parentNode, type ScopeOptions, scopeOptions } from "./scope-options.ts";
import { spawnIn, type Task, TaskFailedError, type TaskHandle, type TaskOwner } from "./task.ts";

export interface TaskGroupOptions extends ScopeOptions {
  /**
   * `"first"`: the group rejects with the first failure itself. Later failures are in {@link TaskGroup.errors} and go
   * to the reporter. `"collect"`: the group rejects with an `AggregateError` of all failures, also of one. Default:
   * `"first"`.
   */
  readonly failures?: "first" | "collect" | undefined;
}

export class TaskGroup {
  /** The scope of the group, with its deadline, shield and signal. */
  readonly scope: CancelScope;
  /** All failures so far, in order of time. */
  readonly errors: readonly unknown[] = [];
  readonly #collect: boolean;
  readonly #owner: TaskOwner;
  /** Whether a cancellation of the group ended its body or a child, so that the work of the group is incomplete. */
  #interrupted = false;
  /** The cancellation from outside that ended the body or a child first. */
  #outer: Cancellation | undefined = undefined;

  /** @internal */
  constructor(collect: boolean, options: ScopeOptions | undefined) {
    this.scope = new CancelScope(options, ambientNode().clock);
    this.#collect = collect;
    this.#owner = { taskEnded: (task) => this.#taskEnded(task) };
  }

  /** The children that have not ended. */
  get tasks(): ReadonlyArray<Task<unknown>> {
    const tasks: Task<unknown>[] = [];
    for (const child of this.scope.node.children() as ScopeNode[]) {
      // Scopes that the body opened have the task around the group. A task of `start()` has another owner until it
      // has started.
      const task = child.task as TaskHandle<unknown> | undefined;
      if (task?.scope.node === child && task.owner === this.#owner && !task.hasEnded) tasks.push(task);
    }
    return tasks;
  }

  /**
   * Starts `fn(...args)` as a child. This call returns before any code of `fn` runs. Children start in the order of
   * the calls.
   *
   * @throws UsageError `ERR_GROUP_ENDED` when the group has ended.
   */
  startSoon<A extends unknown[], T>(fn: (...args: A) => T | PromiseLike<T>, ...args: A): Task<T> {
    requireFunction(fn, "fn");
    this.#requireOpen();
    const { node } = this.scope;
    const scope = new CancelScope(undefined, node.clock);
    let task: TaskHandle<T>;
    try {
      scope.node.open(node);
      task = spawnIn<T>(
        scope,
        args.length === 0 ? (fn as unknown as () => T | PromiseLike<T>) : () => fn(...args),
      );
    } catch (error) {
      try {
        void emptyStack.then(() => scope.closeUnclosed());
      } catch {
        unclosed.places[unclosed.count++] = scope;
      }
      throw error;
    }
    task.owner = this.#owner;
    const { name } = fn;
    if (name !== "") task.name = name;
    return task;
  }

  /**
   * Starts a child, waits until the child calls `started(value)`, and resolves with `value`. Before this call the
   * child belongs to the caller: `start` rejects with an error of the child, and cancelling the caller cancels the
   * child. After it, the child belongs to the group (trio: `nursery.start`).
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
    const decided = (): void => {
      if (--group.live === 0) group.whenEmpty?.();
    };
    return new Promise<T>((resolve, reject) => {
      let given: { readonly value: T } | undefined;
      const started = (value: T): void => {
        if (given !== undefined) throw new UsageError("ERR_STARTED_TWICE", "started()");
        given = { value };
        // A cancelled task stays below its starter, and the end of the task decides this `start()`.
        if (task.hasEnded || scope.node.reached !== undefined) return;
        scope.node.move(group);
        task.owner = this.#owner;
        decided();
        resolve(value);
      };
      let task: TaskHandle<unknown>;
      const undecided: Unclosed = {
        closeUnclosed: () => {
          scope.node.close();
          decided();
        },
      };
      group.live++; // G1: the group stays open until this `start()` is decided
      try {
        scope.node.open(currentNode());
        task = spawnIn<unknown>(scope, () => fn(started), this.scope);
      } catch (error) {
        try {
          void emptyStack.then(undecided.closeUnclosed);
        } catch {
          unclosed.places[unclosed.count++] = undecided;
        }
        throw error; // rejects the promise
      }
      if (fn.name !== "") task.name = fn.name;
      task.owner = {
        taskEnded: () => {
          decided();
          if (task.error !== undefined || task.status !== "completed") reject(task.error);
          else if (given !== undefined) resolve(given.value);
          else reject(new UsageError("ERR_NEVER_STARTED", `Task ${task.name}`));
        },
      };
    });
  }

  /** Cancels the body and all children. The group then ends without an error. */
  cancel(reason?: CancellationReason, message?: string, options?: CancelOptions): boolean {
    return cancelNode(this.scope.node, this.cancel, reason, message, options) === true;
  }

  #requireOpen(): void {
    if (this.scope.node.phase !== "open") throw new UsageError("ERR_GROUP_ENDED", "The task group");
  }

  #taskEnded(task: TaskHandle<unknown>): void {
    if (task.status === "failed") this.#fail(task.error, `task ${task.name}`);
    else if (task.status === "cancelled") {
      const { reached } = this.scope.node;
      if (reached !== undefined) this.#interruptedBy(reached);
    }
  }

  /**
   * A cancellation has ended the body or a child. One from outside cancels the group itself too, so that a shield which
   * the clean-up switches on later does not revive the rest (as in trio).
   */
  #interruptedBy(cancellation: Cancellation): void {
    this.#interrupted = true;
    if (this.scope.node.own !== undefined) return;
    this.#outer = cancellation;
    const { reason, error } = cancellation;
    this.scope.node.cancelFor("parent", undefined, { parentReason: reason, cause: error });
  }

  #fail(error: unknown, origin: string): void {
    (this.errors as unknown[]).push(error);
    if (this.errors.length > 1 && !this.#collect) report(error, `${origin}, after its group had failed`);
    this.scope.node.cancelFor("error", `${origin} failed`, { cause: error });
  }

  /**
   * @internal Records an error of the body as a failure, unless it is a cancellation or the failure of a child that
   * the body awaited.
   */
  bodyFailed(error: unknown): void {
    const { node } = this.scope;
    // A shield that the clean-up of the body has switched on does not change the reason why the body ended.
    const reached = node.pending() ?? reachedBeforeShield(node);
    const rest =
      reached === undefined
        ? ({ absorbed: false, error } as const)
        : withoutCancellation(error, reached.error);
    if (rest.absorbed) {
      this.#interruptedBy(reached as Cancellation); // an error is absorbed only by a cancellation
      return;
    }
    if (isFailureOf(rest.error, this.errors)) return;
    this.#fail(rest.error, "the body of the group");
  }

  /** @internal Returns the result of the group, or throws its failure or an outer cancellation. */
  outcome<T>(body: { readonly value: T } | undefined): T | undefined {
    const { parent, shielded } = this.scope.node;
    const outer = shielded ? undefined : (parent?.pending() ?? this.#outer);
    if (this.#interrupted && outer === undefined) this.scope.absorbed();
    if (this.errors.length > 0) {
      if (!this.#collect) throw this.errors[0];
      throw new AggregateError(this.errors, `Failures in a task group: ${this.errors.length}`);
    }
    if (outer !== undefined && this.#interrupted) throw outer.error;
    return body?.value;
  }
}

/** Whether an error only reports one of `failures` again. Safe against errors whose getters throw. */
function isFailureOf(error: unknown, failures: readonly unknown[]): boolean {
  try {
    return error instanceof TaskFailedError && failures.includes(error.cause);
  } catch {
    return false;
  }
}

const known: KnownOptions<TaskGroupOptions> = { ...scopeOptions, failures: 1 };

/**
 * Runs `body` with a group in which it can start children. The group ends when the body and all children have ended.
 * It resolves with the value of `body`, or with `undefined` if `group.cancel()` interrupted the body. The first
 * failure cancels everything else in the group, and the group rejects with this failure.
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
  requireKnownOptions(options, known, "taskGroup");
  const failures: unknown = options?.failures;
  if (failures !== undefined) requireOneOf(failures, "options.failures", ["first", "collect"]);
  let group: TaskGroup | undefined;
  let result: { readonly value: T } | undefined;
  let isRunning = false;
  try {
    const parent = parentNode(options);
    group = new TaskGroup(failures === "collect", options);
    group.scope.open(parent);
    const running = enter(group.scope.node, body, group);
    isRunning = true;
    result = { value: await running };
  } catch (error) {
    if (!isRunning) {
      try {
        await emptyStack;
      } catch {
        /* v8 ignore start -- @preserve a stack that is used up: a test runs this in a process of its own */
        if (group !== undefined) unclosed.places[unclosed.count++] = group.scope;
        throw error;
        /* v8 ignore stop */
      }
    }
    if (group === undefined) throw error;
    group.bodyFailed(error);
  }
  const { node } = group.scope;
  // Children can start children, so the group can become busy again.
  while (node.live > 0) await node.empty();
  node.close();
  if (node.clock.isTurnDue()) await afterTurn(node, undefined);
  return group.outcome(result);
}
