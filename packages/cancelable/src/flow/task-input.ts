import { invalidType, isThenable, requireIterable } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { abandon, waitIn } from "../scope/waiting.ts";

/**
 * A task for `all`, `any`, `race` and `asCompleted`: a function, which runs as a child task, or a promise, which
 * a child task waits for.
 */
export type TaskInput<T> = PromiseLike<T> | (() => T | PromiseLike<T>);

/** The type of a task's value. */
export type TaskValue<I> = I extends TaskInput<infer T> ? T : never;

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
  list.forEach((task, index) => {
    if (typeof task !== "function" && !isThenable(task)) {
      throw invalidType(`${argument}[${index}]`, "a function or a promise", task);
    }
  });
  return list;
}

/** The body of the child task: calls the function, or waits for the promise until the ambient scope is cancelled. */
export function runTask<T>(task: TaskInput<T>): T | PromiseLike<T> {
  return typeof task === "function" ? task() : waitIn(currentNode(), task);
}
