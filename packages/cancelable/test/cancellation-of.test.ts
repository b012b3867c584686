import { describe, expect, test } from "vitest";
import { CancellationError, CancellationToken, cancellationOf, TimeoutCancellation } from "../src/index.ts";

describe("cancellationOf(error)", () => {
  const own = new TimeoutCancellation("late");
  const other = new CancellationError("quota");

  test("finds the error itself, a cause, and the content of groups", () => {
    const suppressed = (error: unknown, before: unknown): object => ({
      name: "SuppressedError",
      error,
      suppressed: before,
    });
    const errors = [
      own,
      new Error("outer", { cause: new Error("inner", { cause: own }) }),
      { cause: own },
      new AggregateError([own, new AggregateError([other])]),
      suppressed(own, other),
      new Error("outer", { cause: suppressed(new Error("inner", { cause: own }), other) }),
    ];
    for (const error of errors) expect(cancellationOf(error)).toBe(own);
  });

  test("finds none in other errors, and in groups that contain other errors", () => {
    const values = [
      new Error("x"),
      new DOMException("aborted", "AbortError"),
      new AggregateError([own, new Error("x")]),
      new AggregateError([]),
      new Error("outer", { cause: new AggregateError([new Error("x"), own]) }),
      "timeout",
      null,
      undefined,
      5,
    ];
    for (const value of values) expect(cancellationOf(value)).toBeUndefined();
  });

  test("cycles, getters that throw and any depth are safe", () => {
    const circle = new Error("circle");
    circle.cause = new Error("back", { cause: circle });
    const group = new AggregateError([]);
    group.errors.push(group);
    const hostile = Object.defineProperty({}, "cause", {
      get() {
        throw new Error("a getter");
      },
    });
    for (const value of [circle, group, hostile]) expect(cancellationOf(value)).toBeUndefined();
    let deep: unknown = own;
    for (let i = 0; i < 10_000; i++) deep = new AggregateError([new Error("outer", { cause: deep })]);
    expect(cancellationOf(deep)).toBe(own);
    expect(cancellationOf(new CancellationToken().error)).toBeUndefined();
  });
});
