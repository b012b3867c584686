import { invalidType } from "../../arguments.ts";

/** @internal The result of a stream's `next()`. */
export type Result = IteratorResult<unknown, undefined>;

/** @internal */
export const done: Result = { done: true, value: undefined };

/** @internal Reads `done` and `value` of a source's result once, because they can be getters. Throws what they throw. */
export function toResult(result: IteratorResult<unknown>): Result {
  if (typeof result !== "object" || result === null)
    throw invalidType("the result of the source's next()", "an object", result);
  return result.done ? done : { done: false, value: result.value };
}
