import { expect, test } from "vitest";
import {
  Cancellable,
  CancelScope,
  lines,
  moveOnAfter,
  sleepForever,
  TimeoutSource,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { wrong } from "../refusals.ts";
import { collect } from "./sources.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The bytes of a text, each in a piece of its own. */
const single = (text: string): Uint8Array[] => [...bytes(text)].map((byte) => Uint8Array.of(byte));

async function* silentAfter(texts: readonly string[], isSilent?: () => void): AsyncGenerator<string> {
  yield* texts;
  isSilent?.();
  await sleepForever();
}

describeEverywhere("lines", (everywhere) => {
  everywhere("the ends of the lines can stand anywhere, in text and in bytes", async () => {
    const text = "one\ntwo\r\n\nfür\rdrei\r\nlast";
    const expected = ["one", "two", "", "für\rdrei", "last"];
    for (const source of [[text], [...text], [bytes(text)], single(text)]) {
      expect(await collect(lines(source))).toEqual(expected);
    }
    expect(await collect(lines(["a\n"]))).toEqual(["a"]);
    expect(await collect(lines([]))).toEqual([]);
    expect(await collect(lines(["", "\n"]))).toEqual([""]);
  });

  everywhere("a silent source is left, and the begun line goes to onUndelivered (rule 26)", async (t) => {
    const rest: string[] = [];
    const found: string[] = [];
    await moveOnAfter(null, (scope) => {
      const source = silentAfter(["a\nb", "c"], () => {
        scope.deadline = t.backend.now() + 50;
      });
      return collect(lines(source, { onUndelivered: (line) => rest.push(line) }), found);
    });
    expect([found, rest]).toEqual([["a"], ["bc"]]);
    t.expectElapsed(50);
  });

  everywhere("lines that were pulled and not read go to onUndelivered, in order (rule 26)", async () => {
    const rest: string[] = [];
    const scope = new CancelScope();
    await scope.run(async () => {
      const source = silentAfter(["a\nb\nc\nd"]);
      for await (const _ of lines(source, { onUndelivered: (line) => rest.push(line) })) scope.cancel();
    });
    expect(rest).toEqual(["b", "c", "d"]);
    const left: string[] = [];
    for await (const _ of lines(["a\nb\n"], { onUndelivered: (line) => left.push(line) })) break;
    expect(left).toEqual(["b"]);
  });

  everywhere(
    "without a callback, lines that were not read are the partial result of the operation (rule 26)",
    async () => {
      const op = new Cancellable();
      const source = silentAfter(["a\nb"], () => void op.addSource(new TimeoutSource(5)));
      await op.settle(() => collect(lines(source)));
      expect(op.context.partialResult).toEqual({ count: 1, completed: false, items: ["b"] });
    },
  );

  everywhere("wrong items and arguments are refused", async () => {
    expect(await rejection(collect(lines(wrong([5]))))).toBeInstanceOf(TypeError);
    expect(() => lines(wrong(5))).toThrow(/^source must be/);
    expect(() => lines([], { onUndelivered: wrong(1) })).toThrow(
      /^options\.onUndelivered must be a function/,
    );
  });
});

test("a text of many lines leaves the host its turns", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  try {
    let seen = 0;
    for await (const _ of lines(["x\n".repeat(200_000)])) if (++seen === 200_000 || turns > 2) break;
    expect(turns).toBeGreaterThan(0);
  } finally {
    clearInterval(timer);
  }
});
