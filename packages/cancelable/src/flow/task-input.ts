import { invalidType, isThenable } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { abandon, waitIn } from "../scope/waiting.ts";

/** Work for {@link all}, {@link race} and {@link any}: a function, which runs as a child, or a promise, which is waited for. */
export type TaskInput<T> = PromiseLike<T> | (() => T | PromiseLike<T>);

/** The value of a {@link TaskInput}. */
export type TaskValue<W> = W extends TaskInput<infer T> ? T : never;

/** The values of a tuple of {@link TaskInput}. */
export type TaskValues<W extends readonly TaskInput<unknown>[]> = {
  -readonly [K in keyof W]: TaskValue<W[K]>;
};

/** The works of an argument, each checked before the first one starts. */
export function requireTasks<T>(
  tasks: Iterable<TaskInput<T>>,
  argument: string,
): ReadonlyArray<TaskInput<T>> {
  if (typeof (tasks as Iterable<TaskInput<T>> | null | undefined)?.[Symbol.iterator] !== "function") {
    throw invalidType(argument, "an iterable of functions or promises", tasks);
  }
  const works = [...tasks];
  // The promises were handed over: whatever happens to the others, their rejections are ours.
  for (const work of works) abandon(work);
  works.forEach((work, index) => {
    if (typeof work !== "function" && !isThenable(work)) {
      throw invalidType(`${argument}[${index}]`, "a function or a promise", work);
    }
  });
  return works;
}

/** Runs a work as the body of a child. */
export function runTask<T>(work: TaskInput<T>): T | PromiseLike<T> {
  return typeof work === "function" ? work() : waitIn(currentNode(), work);
}
