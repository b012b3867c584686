import { requireIterable } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import type { AmbientScope } from "../scope/ambient-scope.ts";
import { abandon, waitIn } from "../scope/waiting.ts";
import { type Items, itemsOf } from "./pulling.ts";
import { requireTask, requireTasks, type TaskInput, type TaskSource } from "./task-input.ts";

/** A task as a function. */
export type TaskFunction<T> = (scope: AmbientScope) => T | PromiseLike<T>;

/**
 * The tasks of an argument, pulled one at a time. All tasks of an array are checked at once. A wrong task of another
 * source is a failure when it is pulled.
 */
export function taskItems<T>(tasks: TaskSource<T>, argument: string): Items<TaskFunction<T>> {
  if (Array.isArray(tasks)) {
    return itemsOf(
      requireTasks<T>(tasks, argument).map((task) => toFunction(task)),
      argument,
    ) as Items<TaskFunction<T>>; // functions, and no promises
  }
  if (typeof (tasks as Partial<AsyncIterable<unknown>> | null)?.[Symbol.asyncIterator] !== "function") {
    requireIterable(tasks, argument, "an iterable of functions or promises");
    return itemsOf(functionsOf(tasks as Iterable<TaskInput<T>>, argument), argument) as Items<
      TaskFunction<T>
    >; // as above
  }
  const items = itemsOf(tasks as AsyncIterable<TaskInput<T>>, argument) as Items<TaskInput<T>>; // a reader
  let index = 0;
  return {
    async next() {
      const result = await items.next();
      if (result.done) return result;
      requireTask(result.value, index++, argument);
      return { done: false, value: toFunction(result.value) };
    },
    close: () => items.close(),
  };
}

function* functionsOf<T>(tasks: Iterable<TaskInput<T>>, argument: string): Generator<TaskFunction<T>> {
  let index = 0;
  for (const task of tasks) {
    requireTask(task, index++, argument);
    yield toFunction(task);
  }
}

function toFunction<T>(task: TaskInput<T>): TaskFunction<T> {
  if (typeof task === "function") return task;
  abandon(task);
  return () => waitIn(currentNode(), task);
}
