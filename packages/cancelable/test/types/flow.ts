// Types of the free functions: the values of tasks and bodies, and refused arguments.
import {
  all,
  any,
  asCompleted,
  failAfter,
  map,
  moveOnAfter,
  race,
  run,
  shield,
  sleep,
  waitFor,
  withTimeout,
} from "@hother/cancelable";
import { expectTypeOf } from "vitest";

export async function lists(): Promise<void> {
  const [text, count, flag] = await all([() => "text", async () => 1, Promise.resolve(true)]);
  expectTypeOf(text).toEqualTypeOf<string>();
  expectTypeOf(count).toEqualTypeOf<number>();
  expectTypeOf(flag).toEqualTypeOf<boolean>();
  const same = await all(["a", "b"].map((letter) => async () => letter));
  expectTypeOf(same).toEqualTypeOf<string[]>();
  expectTypeOf(await all([])).toEqualTypeOf<[]>();
  expectTypeOf(await map(["a", "bc"], async (word, index) => word.length + index)).toEqualTypeOf<number[]>();
  expectTypeOf(await map(new Set([1]), (n) => n > 0)).toEqualTypeOf<boolean[]>();
}

export async function winners(): Promise<void> {
  const tasks = [() => "text", async () => 1] as const;
  expectTypeOf(await race(tasks)).toEqualTypeOf<string | number>();
  expectTypeOf(await any(tasks)).toEqualTypeOf<string | number>();
  for await (const value of asCompleted(tasks)) expectTypeOf(value).toEqualTypeOf<string | number>();
}

export async function bodies(): Promise<void> {
  expectTypeOf(await moveOnAfter(5, async () => 1)).toEqualTypeOf<number | undefined>();
  expectTypeOf(await failAfter({ seconds: 5 }, async () => 1)).toEqualTypeOf<number>();
  expectTypeOf(await withTimeout(5, () => "text")).toEqualTypeOf<string>();
  expectTypeOf(await withTimeout(null, Promise.resolve(1))).toEqualTypeOf<number>();
  expectTypeOf(await shield((scope) => scope.isCancelled, { timeout: 5 })).toEqualTypeOf<boolean>();
  expectTypeOf(await waitFor(Promise.resolve("text"))).toEqualTypeOf<string>();
  expectTypeOf(await run(async () => 1)).toEqualTypeOf<number>();
}

export function refused(): void {
  // @ts-expect-error: a value is no task
  void all([1]);
  // @ts-expect-error: a concurrency is a number
  void all([], { concurrency: "2" });
  // @ts-expect-error: the items are iterable
  void map(5, async () => 1);
  // @ts-expect-error: the function takes an item of the list
  void map([1], (item: string) => item);
  // @ts-expect-error: a span is no text
  void sleep("5");
  // @ts-expect-error: an unknown unit
  void sleep({ fortnights: 1 });
  // @ts-expect-error: a promise is no body: it has started already
  void moveOnAfter(5, Promise.resolve(1));
  // @ts-expect-error: the body is missing
  void shield({ timeout: 5 });
}
