import { invalidType, isThenable, requireIterable } from "../arguments.ts";
import { ambientNode } from "../scope/ambient.ts";
import { AmbientScope } from "../scope/ambient-scope.ts";
import { waitOf } from "../scope/wait-of.ts";
import { abandon, follow, waitIn } from "../scope/waiting.ts";

/**
 * A task for `all`, `any`, `race` and `asCompleted`: a function, which runs as a child task and gets the scope of this
 * task, or a promise, which a child task waits for. On hosts without AsyncLocalStorage,
 * the function hands its scope as `parent` to the operations that it starts.
 */
export type TaskInput<T> = PromiseLike<T> | ((scope: AmbientScope) => T | PromiseLike<T>);

/** The type of a task's value. */
export type TaskValue<I> = I extends TaskInput<infer T> ? T : never;

/** An iterable or async iterable of tasks. */
export type TaskSource<T> = Iterable<TaskInput<T>> | AsyncIterable<TaskInput<T>>;

/** The type of the values of a {@link TaskSource}. */
export type AnyTaskValue<S extends TaskSource<unknown>> = S extends Iterable<infer I> | AsyncIterable<infer I>
  ? TaskValue<I>
  : never;

/** The types of the values of a tuple of tasks. */
export type TaskValues<I extends readonly TaskInput<unknown>[]> = {
  -readonly [K in keyof I]: TaskValue<I[K]>;
};

/** The tasks of an argument as an array. Every task is checked before the first task starts. */
export function requireTasks<T>(
  tasks: Iterable<TaskInput<T>>,
  argument: string,
): ReadonlyArray<TaskInput<T>> {
  requireIterable(tasks, argument, "an iterable of functions or promises");
  const list = [...tasks];
  // The caller gave the promises away: after an early failure, no code waits for the remaining ones.
  for (const task of list) abandon(task);
  for (const [index, task] of list.entries()) requireTask(task, index, argument);
  return list;
}

export function requireTask(task: unknown, index: number, argument: string): void {
  if (typeof task !== "function" && !isThenable(task)) {
    throw invalidType(`${argument}[${index}]`, "a function or a promise", task);
  }
}

/**
 * The body of the child task: calls the function, or waits for the promise until the scope of the task is cancelled. A
 * wait of this library that the function returns belongs to the task from then on.
 */
export function runTask<T>(task: TaskInput<T>): T | PromiseLike<T> {
  const node = ambientNode();
  if (typeof task !== "function") return waitIn(node, task);
  const result = task(new AmbientScope(node));
  const wait = waitOf(result);
  if (wait !== undefined) follow(node, wait);
  return result;
}
