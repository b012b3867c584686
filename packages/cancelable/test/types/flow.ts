// Types of the free functions: the values of tasks and bodies, and refused arguments.
import type { EventEmitter } from "node:events";
import {
  after,
  all,
  any,
  asCompleted,
  CancellationToken,
  failAfter,
  interval,
  type Lease,
  Lock,
  map,
  mapSettled,
  mapStream,
  moveOnAfter,
  on,
  once,
  Queue,
  race,
  retry,
  run,
  select,
  shield,
  sleep,
  type Task,
  waitFor,
  withTimeout,
} from "@hother/cancelable";
import { hedge } from "@hother/cancelable/calls";
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

export async function mapped(): Promise<void> {
  async function* words(): AsyncGenerator<string> {
    yield "a";
  }
  expectTypeOf(await map(words(), (word) => word.length)).toEqualTypeOf<number[]>();
  expectTypeOf(await map([Promise.resolve(1), 2], (n) => n * 2)).toEqualTypeOf<number[]>();
  await map([1], (_n, index, scope) => expectTypeOf([index, scope.signal]).toExtend<unknown[]>());
  const [outcome] = await mapSettled(words(), async (word) => word.length);
  if (outcome?.status === "completed") expectTypeOf(outcome.value).toEqualTypeOf<number>();
  const onUndelivered = (n: number): void => void n;
  for await (const n of mapStream(words(), (word) => word.length, { onUndelivered }))
    expectTypeOf(n).toEqualTypeOf<number>();
  const jobs: ReadonlySet<() => number> = new Set();
  expectTypeOf(await all(jobs)).toEqualTypeOf<number[]>();
  // @ts-expect-error A stream of results is no shield.
  mapStream(words(), (word) => word, { shield: true });
}

export async function events(emitter: EventEmitter, target: EventTarget): Promise<void> {
  expectTypeOf(await once(emitter, "open")).toEqualTypeOf<unknown[]>();
  expectTypeOf(await once<[number]>(emitter, "open")).toEqualTypeOf<[number]>();
  expectTypeOf(await once(target, "open")).toEqualTypeOf<Event>();
  expectTypeOf(await once<MessageEvent>(target, "message")).toEqualTypeOf<MessageEvent>();
  await once<[number]>(emitter, "open", { filter: ([port]) => port > 0 });
  for await (const event of on<MessageEvent>(target, "message")) expectTypeOf(event.data).toBeAny();
  using args = on<[string]>(emitter, "line", { end: ["close"] });
  for await (const [line] of args) expectTypeOf(line).toEqualTypeOf<string>();
}

export async function winners(): Promise<void> {
  const tasks = [() => "text", async () => 1] as const;
  expectTypeOf(await race(tasks)).toEqualTypeOf<string | number>();
  expectTypeOf(await any(tasks)).toEqualTypeOf<string | number>();
  for await (const value of asCompleted(tasks)) expectTypeOf(value).toEqualTypeOf<string | number>();
}

export async function repeated(): Promise<void> {
  expectTypeOf(await retry(() => "text")).toEqualTypeOf<string>();
  expectTypeOf(
    await retry(async ({ attempt }) => attempt, { when: async () => true }),
  ).toEqualTypeOf<number>();
  await retry(({ previous }) => expectTypeOf(previous).toEqualTypeOf<unknown>());
  // @ts-expect-error A rule has one of three names.
  await retry(() => 1, { backoff: { jitter: "some" } });
  // @ts-expect-error A retry is no shield.
  await retry(() => 1, { shield: true });
  const value = await hedge(async () => 1, {
    after: (attempt) => attempt * 10,
    onUndelivered: (late) => expectTypeOf(late).toEqualTypeOf<number>(),
  });
  expectTypeOf(value).toEqualTypeOf<number>();
  // @ts-expect-error The time between two attempts has no default.
  await hedge(() => 1, {});
  for await (const tick of interval({ seconds: 1 })) expectTypeOf(tick).toEqualTypeOf<number>();
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

export async function selections(queue: Queue<string>, task: Task<number>, maybe: boolean): Promise<void> {
  const token = new CancellationToken();
  const chosen = await select(
    {
      queue,
      put: queue.putting("text"),
      lock: new Lock(),
      task,
      token,
      late: after(5),
      p: Promise.resolve(true),
    },
    { order: "fair" },
  );
  if (chosen.key === "queue") expectTypeOf(chosen.value).toEqualTypeOf<string>();
  else if (chosen.key === "put") expectTypeOf(chosen.value).toEqualTypeOf<void>();
  else if (chosen.key === "lock") expectTypeOf(chosen.value).toEqualTypeOf<Lease>();
  else if (chosen.key === "task") expectTypeOf(chosen.value).toEqualTypeOf<number>();
  else if (chosen.key === "p") expectTypeOf(chosen.value).toEqualTypeOf<boolean>();
  else expectTypeOf(chosen.value).toEqualTypeOf<undefined>();
  const some = await select({ queue: maybe ? queue : undefined, none: undefined });
  expectTypeOf(some).toEqualTypeOf<{ readonly key: "queue"; readonly value: string }>();
  expectTypeOf(await withTimeout(5, queue.get(), { value: null })).toEqualTypeOf<string | null>();
  // @ts-expect-error: a function would have started
  void select({ get: () => queue.get() });
  // @ts-expect-error: an order is one of two words
  void select({ queue }, { order: "random" });
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
