import { expect, test } from "vitest";
import { amount, pace, percent, span } from "../src/figures.ts";

test.each([
  [0, "0.0 s"],
  [9_949, "9.9 s"],
  [9_950, "10 s"],
  [59_499, "59 s"],
  [59_500, "1 m 00 s"],
  [200_000, "3 m 20 s"],
  [7_500_000, "2 h 05 m"],
])("%i ms are shown as %j", (ms, expected) => {
  expect(span(ms)).toBe(expected);
});

test("Unfinished work never shows 100%", () => {
  expect([0, 0.005, 0.999, 1].map(percent)).toEqual(["0%", "0%", "99%", "100%"]);
});

test("An amount is short and has a unit", () => {
  expect([amount(12, "rows"), amount(1_234_567, "B"), amount(0.25, undefined)]).toEqual([
    "12 rows",
    "1.2MB",
    "0.3",
  ]);
});

test("An unknown, zero or infinite rate or remaining time is left out", () => {
  expect(pace({ fraction: 0.5, rate: 10, remaining: 1_000 }, "rows")).toEqual(["10 rows/s", "1.0 s left"]);
  expect(pace({ fraction: 1, rate: 10, remaining: 0 }, "rows")).toEqual(["10 rows/s"]);
  for (const remaining of [undefined, Number.NaN, Number.POSITIVE_INFINITY])
    expect(pace({ fraction: undefined, rate: 10, remaining }, undefined)).toEqual(["10/s"]);
  for (const rate of [undefined, 0, Number.NaN, Number.POSITIVE_INFINITY])
    expect(pace({ fraction: undefined, rate, remaining: undefined }, "rows")).toEqual([]);
});
