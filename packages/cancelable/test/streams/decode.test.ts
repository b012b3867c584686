import { expect } from "vitest";
import { decode, sleep } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { wrong } from "../refusals.ts";
import { collect } from "./sources.ts";

/** The bytes of a text, each in a piece of its own. */
const single = (text: string): Uint8Array[] =>
  [...new TextEncoder().encode(text)].map((byte) => Uint8Array.of(byte));

describeEverywhere("decode", (everywhere) => {
  everywhere("a character in two pieces is one, and no piece is empty", async () => {
    expect(await collect(decode(single("aé€"), {}))).toEqual(["a", "é", "€"]);
    expect(await collect(decode([Uint8Array.of(0xc3)]))).toEqual(["\ufffd"]);
    expect(await collect(decode([Uint8Array.of(0xe9)], { encoding: "latin1" }))).toEqual(["é"]);
  });

  everywhere("with `fatal`, bytes that are no text fail, and the source is closed", async () => {
    let closed = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield Uint8Array.of(0xff);
        await sleep(1);
      } finally {
        closed++;
      }
    }
    expect(await rejection(collect(decode(source(), { fatal: true })))).toBeInstanceOf(TypeError);
    expect(closed).toBe(1);
    expect(await rejection(collect(decode([Uint8Array.of(0xc3)], { fatal: true })))).toBeInstanceOf(
      TypeError,
    );
  });

  everywhere("leaving the loop closes the source, also before the first read", async () => {
    let closed = 0;
    const source = {
      next: async () => ({ done: false as const, value: Uint8Array.of(65) }),
      async return() {
        closed++;
        return { done: true as const, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    for await (const text of decode(source)) {
      expect(text).toBe("A");
      break;
    }
    await decode(source).return(undefined);
    expect(closed).toBe(2);
  });

  everywhere("wrong arguments are refused", () => {
    expect(() => decode(wrong(5))).toThrow(/^source must be/);
    expect(() => decode([], { encoding: "no such" })).toThrow(RangeError);
    expect(() => decode([], { encoding: wrong(5) })).toThrow(/^options\.encoding must be a string/);
    expect(() => decode([], { fatal: wrong(1) })).toThrow(/^options\.fatal must be true or false/);
  });
});
