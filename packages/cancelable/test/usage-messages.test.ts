import { expect, test } from "vitest";
import { AnyOfSource, type SourceSink, sleep, TimeoutSource } from "../src/index.ts";
import { rejection } from "./backends.ts";

const messageOf = async (argument: unknown): Promise<string> =>
  ((await rejection(sleep(argument as never))) as Error).message;

test("what was given is shown, but not more of it than fits into a message", async () => {
  expect(await messageOf("x".repeat(1_000))).toMatch(/got "x{77}…"$/);
  const long = await messageOf({ parts: "y".repeat(1_000) });
  expect(long).toMatch(/got \{"parts":"y+…$/);
  expect(long.length).toBeLessThan(200);
});

test("a composite source runs in operations only, and says so to a sink that is none of theirs", () => {
  const source = new AnyOfSource([new TimeoutSource(5)]);
  expect(() => source.start({ trigger() {} } as unknown as SourceSink)).toThrow(
    "sink must be the sink of an operation",
  );
});
