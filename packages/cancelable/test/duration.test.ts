import { describe, expect, test } from "vitest";
import {
  Cancellable,
  moveOnAfter,
  run,
  type Span,
  sleep,
  sleepForever,
  TimeoutSource,
  withTimeout,
} from "../src/index.ts";
import { VirtualBackend } from "../src/testing/index.ts";
import { describeEverywhere } from "./backends.ts";
import { expectRejects, expectThrows } from "./refusals.ts";
import { TemporalLike } from "./temporal-like.ts";

const inMilliseconds = (span: Span): number => new TimeoutSource(span).timeoutMs;

const wrong = (value: unknown): never => value as never;

describe("a time span (rule 28)", () => {
  test("a number is milliseconds", () => {
    for (const ms of [0, 1, 1.5, -3, 2 ** 31, Number.MAX_SAFE_INTEGER]) expect(inMilliseconds(ms)).toBe(ms);
  });

  test("null and Infinity mean no limit", () => {
    expect(inMilliseconds(null)).toBe(Number.POSITIVE_INFINITY);
    expect(inMilliseconds(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(inMilliseconds({ hours: Number.POSITIVE_INFINITY })).toBe(Number.POSITIVE_INFINITY);
  });

  test("an object of units is the sum of its units (PAR-TIM-01)", () => {
    expect(inMilliseconds({ milliseconds: 100 })).toBe(100);
    expect(inMilliseconds({ seconds: 30 })).toBe(30_000);
    expect(inMilliseconds({ minutes: 2 })).toBe(120_000);
    expect(inMilliseconds({ hours: 1 })).toBe(3_600_000);
    expect(inMilliseconds({ days: 1 })).toBe(86_400_000);
    expect(inMilliseconds({ weeks: 1 })).toBe(604_800_000);
    expect(inMilliseconds({ weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 })).toBe(
      694_861_001,
    );
    expect(inMilliseconds({ seconds: 0.25 })).toBe(250);
    expect(inMilliseconds({ minutes: 1, seconds: -30 })).toBe(30_000);
    expect(inMilliseconds({ seconds: 0 })).toBe(0);
    expect(inMilliseconds({ seconds: -1 })).toBe(-1_000);
  });

  test("a Temporal.Duration is accepted, unless years or months make its length ambiguous", () => {
    expect(inMilliseconds(new TemporalLike({ minutes: 1, seconds: 30 }))).toBe(90_000);
    expect(inMilliseconds(new TemporalLike({}))).toBe(0);
    for (const unit of ["years", "months"]) {
      expect(() => inMilliseconds(new TemporalLike({ [unit]: 1, seconds: 1 }))).toThrow(RangeError);
      expect(() => inMilliseconds(new TemporalLike({ [unit]: 1 }))).toThrow(
        "span must be a span without years and months, whose length varies; got an instance of TemporalLike",
      );
    }
  });

  test("NaN is a RangeError", () => {
    for (const [span, argument] of [
      [Number.NaN, "span"],
      [{ seconds: Number.NaN }, "span.seconds"],
      [{ hours: 1, milliseconds: Number.NaN }, "span.milliseconds"],
    ] as const) {
      expect(() => inMilliseconds(span)).toThrow(RangeError);
      expect(() => inMilliseconds(span)).toThrow(new RegExp(`^${argument} must be a number.*; got NaN$`));
    }
  });

  test("a wrong unit is a TypeError that names the unit", () => {
    for (const [value, message] of [
      [{ second: 5 }, "span.second is not a unit of a Duration; did you mean seconds?"],
      [{ seconds: 5, minute: 1 }, "span.minute is not a unit of a Duration; did you mean minutes?"],
      [{ ms: 5 }, "span.ms is not a unit of a Duration; did you mean milliseconds?"],
      [{ fortnights: 5 }, "span.fortnights is not a unit of a Duration; the units are weeks"],
    ] as const) {
      expect(() => inMilliseconds(wrong(value))).toThrow(TypeError);
      expect(() => inMilliseconds(wrong(value))).toThrow(message);
    }
  });

  test("any other type is a TypeError, strings of digits included", () => {
    for (const [value, shown] of [
      [undefined, "undefined"],
      ["500", '"500"'],
      ["", '""'],
      ["PT30S", '"PT30S"'],
      [true, "true"],
      [5n, "5n"],
      [Symbol("span"), "Symbol(span)"],
      [() => 5, "function (anonymous)"],
      [[], "[]"],
      [[500], "[500]"],
      [{}, "{}"],
      [new Date(0), "an instance of Date"],
    ] as const) {
      expect(() => inMilliseconds(wrong(value))).toThrow(TypeError);
      expect(() => inMilliseconds(wrong(value))).toThrow(
        `span must be milliseconds, a Duration such as { seconds: 5 }, or null; got ${shown}`,
      );
    }
    for (const amount of ["5", null, 5n, true]) {
      expect(() => inMilliseconds(wrong({ seconds: amount }))).toThrow(TypeError);
      expect(() => inMilliseconds(wrong({ seconds: amount }))).toThrow(
        /^span\.seconds must be a number; got /,
      );
    }
  });

  test("messages show a span in the unit that reads best", async () => {
    for (const [span, text] of [
      [50, "50 ms"],
      [1_500, "1.5 s"],
      [{ minutes: 1 }, "60 s"],
      [0.25, "0.25 ms"],
    ] as const) {
      const outcome = await run(() => Cancellable.withTimeout(span).settle(sleepForever), {
        backend: new VirtualBackend(),
      });
      expect(outcome).toMatchObject({ error: { message: `Operation timed out after ${text}` } });
    }
  });
});

describeEverywhere("the units of a span", (everywhere) => {
  everywhere("units that add up to NaN are refused", async () => {
    const span = { hours: Number.POSITIVE_INFINITY, minutes: Number.NEGATIVE_INFINITY };
    const rest = [
      "a span whose parts add up to a number",
      JSON.stringify({ hours: null, minutes: null }),
    ] as const;
    expectThrows("RangeError", [
      [() => Cancellable.withTimeout(span), "span", ...rest],
      [() => new TimeoutSource(span), "span", ...rest],
      [() => new Cancellable({ grace: span }), "options.grace", ...rest],
    ]);
    await expectRejects("RangeError", [
      [() => sleep(span), "span", ...rest],
      [() => moveOnAfter(span, () => {}), "span", ...rest],
    ]);
    expect(new TimeoutSource({ hours: Number.POSITIVE_INFINITY }).timeoutMs).toBe(Number.POSITIVE_INFINITY);
  });

  everywhere("microseconds and nanoseconds are accepted", async (t) => {
    await sleep({ microseconds: 2_500 });
    t.expectElapsed(2.5);
    expect(await moveOnAfter({ milliseconds: 1, microseconds: 500 }, () => sleepForever())).toBeUndefined();
    t.expectElapsed(4);
    await sleep({ nanoseconds: 500_000, microseconds: 500 });
    t.expectElapsed(5);
    expect(new TimeoutSource({ microseconds: 1 }).timeoutMs).toBe(0.001);
  });
});
