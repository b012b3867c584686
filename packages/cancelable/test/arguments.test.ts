import { expect, test } from "vitest";
import { sleep } from "../src/index.ts";
import { rejection } from "./backends.ts";

const messageOf = async (argument: unknown): Promise<string> =>
  ((await rejection(sleep(argument as never))) as Error).message;

test("a message shows the given value, cut to the length that fits", async () => {
  expect(await messageOf("x".repeat(1_000))).toMatch(/got "x{77}…"$/);
  const long = await messageOf({ parts: "y".repeat(1_000) });
  expect(long).toMatch(/got \{"parts":"y+…$/);
  expect(long.length).toBeLessThan(200);
});

test("a message names the kind of a value whose class has no name", async () => {
  expect(await messageOf((async function* () {})())).toMatch(/got an async generator$/);
  expect(await messageOf((function* () {})())).toMatch(/got a generator$/);
  expect(await messageOf(new (class {})())).toMatch(/got an instance of a class without a name$/);
});
