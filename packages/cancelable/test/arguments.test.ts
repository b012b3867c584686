import { expect, test } from "vitest";
import { any, race, sleep } from "../src/index.ts";
import { rejection } from "./backends.ts";

const messageOf = async (argument: unknown): Promise<string> =>
  ((await rejection(sleep(argument as never))) as Error).message;

test("a message shows the given value, cut to the length that fits", async () => {
  expect(await messageOf("x".repeat(1_000))).toMatch(/got "x{77}…"$/);
  const long = await messageOf(["y".repeat(1_000)]);
  expect(long).toMatch(/got \["y+…$/);
  expect(long.length).toBeLessThan(200);
});

test("a message names the kind of a value whose class has no name", async () => {
  expect(await messageOf((async function* () {})())).toMatch(/got an async generator$/);
  expect(await messageOf((function* () {})())).toMatch(/got a generator$/);
  expect(await messageOf(new (class {})())).toMatch(/got an instance of a class without a name$/);
});

test("an async iterable where an iterable is expected gets advice", async () => {
  async function* items(): AsyncGenerator<number> {
    yield 1;
  }
  const advice = "read that with for await, chunk or merge, or through a Queue; got an async generator";
  for (const call of [() => race(items() as never), () => any(items() as never)])
    expect(await rejection(call())).toMatchObject({
      message: `tasks must be an iterable of functions or promises, not an async one; ${advice}`,
    });
});
