import { detectBackend, run } from "@hother/cancelable";
import { layer } from "@hother/cancelable-backends/effect";
import "@hother/cancelable-backends/effection";
import { Effect } from "effect";
import { call, run as runEffection } from "effection";
import { expect, test } from "vitest";
import { main } from "./user-module.ts";

const output = [
  "worker 1: a a!",
  "worker 1: b b!",
  "worker 1: c c!",
  "worker 2: slow took too long",
  "a! b! c!",
  "serving",
  "released",
  "stopped: timeout",
  "serving",
  "released",
  "stopped: shutdown",
];

/** The lines of a program, and the runtime that each line was written on. */
async function lines(program: (log: (line: string) => void) => PromiseLike<unknown>): Promise<string[][]> {
  const written: string[] = [];
  const on = new Set<string>();
  await program((line) => {
    written.push(line);
    on.add(detectBackend().name);
  });
  return [written, [...on]];
}

test("a plain program uses the module", async () => {
  expect(await lines((log) => main(log))).toEqual([output, ["native"]]);
});

test("an Effect program calls the module like any promise", async () => {
  expect(await lines((log) => Effect.runPromise(Effect.promise(() => main(log))))).toEqual([
    output,
    ["effect", "native"],
  ]);
  const provided = (log: (line: string) => void) =>
    Effect.runPromise(
      Effect.provide(
        Effect.promise(() => main(log)),
        layer,
      ),
    );
  expect(await lines(provided)).toEqual([output, ["effect"]]);
});

test("an Effection program calls the module like any promise", async () => {
  expect(await lines((log) => runEffection(() => call(() => main(log))))).toEqual([output, ["effection"]]);
});

test("programs of this library use the module on each backend by name", async () => {
  for (const backend of ["native", "effect", "effection"]) {
    expect(await lines((log) => run(() => main(log), { backend }))).toEqual([output, [backend]]);
  }
});
