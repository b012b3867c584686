import { describe, expect, test } from "vitest";
import { withCause } from "../src/extending/index.ts";
import {
  Cancellable,
  type CancellationError as Cancellation,
  CancellationError,
  isCancellation,
  TimeoutCancellation,
} from "../src/index.ts";

describe("withCause(error, cause)", () => {
  test("copies class, reason, message, details and context, and leaves the error as it is", () => {
    const error = new TimeoutCancellation("too slow", { timeoutMs: 50, context: { user: 7 } });
    const cause = new Error("57014");
    const copy = withCause(error, cause);
    expect(copy).toBeInstanceOf(TimeoutCancellation);
    expect(copy).toMatchObject({
      name: "TimeoutError",
      message: "too slow",
      timeoutMs: 50,
      context: { user: 7 },
    });
    expect(copy.cause).toBe(cause);
    expect(Object.keys(copy)).not.toContain("cause");
    expect(error.cause).toBe(undefined);
  });

  test("belongs to the operation of the error, which takes it as its own cancellation", async () => {
    const op = new Cancellable({ name: "report" });
    let copy: Cancellation | undefined;
    const outcome = await op.settle(() => {
      op.cancel("quota");
      const own = op.token.error as Cancellation;
      copy = withCause(own, new Error("stopped", { cause: own }));
      throw copy;
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: op.token.error });
    expect(copy?.operation).toEqual({ id: op.context.id, name: "report" });
    expect(isCancellation(copy, op)).toBe(true);
    // In another operation it is a failure, as the error itself is.
    const other = await new Cancellable().settle(() => {
      throw copy;
    });
    expect(other).toEqual({ status: "failed", error: copy });
  });

  test("keeps an error that a user constructed without an owner", async () => {
    const copy = withCause(new CancellationError("quota"), undefined);
    const outcome = await new Cancellable().settle(() => {
      throw copy;
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
  });
});
