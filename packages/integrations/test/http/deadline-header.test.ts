import { failAfter, shield, sleep } from "@hother/cancelable";
import { withVirtual } from "@hother/cancelable/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTimeLeft, timeLeft, toDeadlineHeader, writeTimeLeft } from "../../src/http/deadline-header.ts";

const wrong = <T>(value: unknown): T => value as T;

describe("the header", () => {
  test("is x-request-timeout-ms in milliseconds by default", () => {
    expect(toDeadlineHeader(undefined, "header")).toEqual({
      name: "x-request-timeout-ms",
      format: "milliseconds",
    });
  });

  test("has the format of gRPC under the name grpc-timeout, and milliseconds under other names (DL-05)", () => {
    expect(toDeadlineHeader("Grpc-Timeout", "header")).toEqual({ name: "grpc-timeout", format: "grpc" });
    expect(toDeadlineHeader("x-envoy-expected-rq-timeout-ms", "header").format).toBe("milliseconds");
    expect(toDeadlineHeader({ name: "x-left", format: "grpc" }, "header").format).toBe("grpc");
  });

  test("is refused by name", () => {
    expect(() => toDeadlineHeader(wrong(5), "options.header")).toThrow(
      /^options\.header must be an object; got 5/,
    );
    expect(() => toDeadlineHeader("", "options.header")).toThrow(
      /^options\.header must be the name of a header/,
    );
    expect(() => toDeadlineHeader("a b", "options.header")).toThrow(/the name of a header; got "a b"/);
    expect(() => toDeadlineHeader({ name: "x", format: wrong("s") }, "options.header")).toThrow(
      /^options\.header\.format must be "milliseconds" or "grpc"; got "s"/,
    );
    expect(() => toDeadlineHeader(wrong({ name: "x", fromat: "grpc" }), "options.header")).toThrow(
      /fromat is not an option of a deadline header; did you mean format\?/,
    );
  });
});

describe("reading", () => {
  test.each([
    "",
    "-5",
    "+5",
    "1e3",
    "0x10",
    " 5",
    "5 ",
    "5.5",
    "NaN",
    "5, 5",
    "12345678901234567890",
    "0",
    "٣",
  ])("the malformed %j gives nothing in either format (DL-03)", (value) => {
    expect(readTimeLeft(value, "milliseconds")).toBeUndefined();
    expect(readTimeLeft(value, "grpc")).toBeUndefined();
    expect(readTimeLeft(`${value}S`, "grpc")).toBeUndefined();
  });

  test("a gRPC value has 1 to 8 digits and a unit, whose case matters (DL-05)", () => {
    expect(readTimeLeft("2H", "grpc")).toBe(7_200_000);
    expect(readTimeLeft("2M", "grpc")).toBe(120_000);
    expect(readTimeLeft("2S", "grpc")).toBe(2_000);
    expect(readTimeLeft("2m", "grpc")).toBe(2);
    expect(readTimeLeft("2000u", "grpc")).toBe(2);
    expect(readTimeLeft("2000000n", "grpc")).toBe(2);
    expect(readTimeLeft("99999999n", "grpc")).toBeCloseTo(99.999999);
    for (const value of ["2h", "2s", "2", "m", "100000000n", "2mm", "0S"])
      expect(readTimeLeft(value, "grpc")).toBeUndefined();
  });
});

describe("writing", () => {
  test("drops the part of a unit, and writes nothing for less than 1 ms or for no limit (DL-01)", () => {
    expect(writeTimeLeft(1_500.9, "milliseconds")).toBe("1500");
    expect(writeTimeLeft(1_500.9, "grpc")).toBe("1500m");
    for (const ms of [0.9, 0, -5, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN])
      expect([writeTimeLeft(ms, "milliseconds"), writeTimeLeft(ms, "grpc")]).toEqual([undefined, undefined]);
  });

  test("a value that was read again is never longer, and at most one unit shorter (DL-05)", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 9_999_999_999, noNaN: true }),
        fc.constantFrom("milliseconds" as const, "grpc" as const),
        (ms, format) => {
          const value = writeTimeLeft(ms, format) as string;
          const again = readTimeLeft(value, format) as number;
          expect(again).toBeLessThanOrEqual(ms);
          const unit = format === "milliseconds" || ms < 1e8 ? 1 : ms < 1e11 ? 1_000 : 60_000;
          expect(ms - again).toBeLessThan(unit);
        },
      ),
    );
    expect(writeTimeLeft(1e15, "grpc")).toBe("99999999H");
    expect(writeTimeLeft(1e15, "milliseconds")).toBe("9999999999");
  });
});

test("the time that is left follows the effective deadline, which a shield ends (DL-08)", async () => {
  expect(timeLeft()).toBe(Number.POSITIVE_INFINITY);
  await withVirtual(() =>
    failAfter(1_000, async () => {
      await sleep(400);
      expect(timeLeft()).toBe(600);
      await shield(() => expect(timeLeft()).toBe(Number.POSITIVE_INFINITY));
    }),
  );
});
