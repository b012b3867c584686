import { describe, expect, test, vi } from "vitest";
import {
  Cancellable,
  CancellationError,
  CancellationToken,
  CancelScope,
  cancellationOf,
  isCancellation,
  ManualCancellation,
  sleep,
  TaskCancelledError,
  taskGroup,
} from "../src/index.ts";
import { describeEverywhere, rejection } from "./backends.ts";

describe("isCancellation(error)", () => {
  test("an error of this library is a cancellation, and an error that it caused is not one itself", () => {
    const error = new CancellationError("shutdown");
    expect(isCancellation(error)).toBe(true);
    expect(isCancellation(new Error("outer", { cause: error }))).toBe(false);
    expect(isCancellation(new AggregateError([error]))).toBe(false);
  });

  test("with a reason, only the cancellations of this reason count", () => {
    const error = new CancellationError("superseded");
    expect(isCancellation(error, { reason: "superseded" })).toBe(true);
    expect(isCancellation(error, { reason: "timeout" })).toBe(false);
    expect(isCancellation(new Error("x", { cause: error }), { reason: "superseded" })).toBe(false);
    expect(() => isCancellation(error, { reason: "Not a word" })).toThrow("options.reason");
    expect(() => isCancellation(error, { raeson: "timeout" } as never)).toThrow("options.raeson");
    expect(() => isCancellation(error, null as never)).toThrow(TypeError);
  });

  test("the token's cancellation is found below 10,000 causes", () => {
    const token = new CancellationToken();
    token.cancel();
    let error: unknown = token.error;
    for (let i = 0; i < 10_000; i++) error = new Error("outer", { cause: error });
    expect(isCancellation(error, token)).toBe(true);
  });

  test("errors of another copy of this library are cancellations, although instanceof fails", async () => {
    vi.resetModules();
    const copy = await import("../src/index.ts");
    expect(copy.CancellationError).not.toBe(CancellationError);
    const error = new copy.TimeoutCancellation();
    expect(error).not.toBeInstanceOf(CancellationError);
    expect(isCancellation(error)).toBe(true);
    expect(copy.isCancellation(new ManualCancellation())).toBe(true);
  });

  test("nothing else is a cancellation, whatever its name or text", () => {
    const { message } = new ManualCancellation();
    const lookalike = Object.assign(new Error(message), {
      name: "AbortError",
      code: "ABORT_ERR",
      reason: "manual",
    });
    const abort = new DOMException("This operation was aborted", "AbortError");
    for (const value of [
      new Error(message),
      lookalike,
      abort,
      message,
      undefined,
      null,
      0,
      true,
      Symbol("s"),
      {},
    ]) {
      expect(isCancellation(value)).toBe(false);
    }
  });

  test("cyclic causes and properties that throw are safe", () => {
    const circle = new Error("circle");
    circle.cause = new Error("back", { cause: circle });
    expect(isCancellation(circle)).toBe(false);
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error("hands off");
        },
      },
    );
    const token = new CancellationToken();
    token.cancel();
    for (const value of [hostile, new Error("outer", { cause: hostile })]) {
      expect(isCancellation(value)).toBe(false);
      expect(isCancellation(value, token)).toBe(false);
    }
  });
});

describeEverywhere("isCancellation(error, of)", (everywhere) => {
  everywhere("the token's one error, and errors that it caused, belong to the token", () => {
    const token = new CancellationToken();
    token.cancel("shutdown");
    expect(isCancellation(token.error, token)).toBe(true);
    const wrapped = new Error("outer", { cause: new Error("inner", { cause: token.error }) });
    expect(isCancellation(wrapped, token)).toBe(true);
  });

  everywhere("no error belongs to a token that is not cancelled", () => {
    const [live, other] = [new CancellationToken(), new CancellationToken()];
    other.cancel();
    for (const error of [
      other.error,
      new ManualCancellation(),
      DOMException.prototype,
      new Error("x"),
      undefined,
    ]) {
      expect(isCancellation(error, live)).toBe(false);
    }
    expect(isCancellation(new DOMException("aborted", "AbortError"), live)).toBe(false);
  });

  everywhere(
    "an AbortError of other code, and no other error, belongs to a cancelled token by its name",
    () => {
      const token = new CancellationToken();
      token.cancel("manual", "the text");
      expect(isCancellation(new DOMException("of fetch", "AbortError"), token)).toBe(true);
      const named = (name: string): Error => Object.assign(new Error("of a driver"), { name });
      expect(isCancellation(named("AbortError"), token)).toBe(true);
      const others = [
        new DOMException("of fetch", "TimeoutError"),
        named("TimeoutError"),
        new Error("the text"),
      ];
      for (const error of [...others, "the text", "AbortError", undefined, null, 5]) {
        expect(isCancellation(error, token)).toBe(false);
      }
    },
  );

  everywhere(
    "the cancellation of another token, and an AbortError caused by it, never belong to a token",
    () => {
      const [token, other] = [new CancellationToken(), new CancellationToken()];
      token.cancel();
      other.cancel();
      const abort = Object.assign(new Error("aborted", { cause: other.error }), { name: "AbortError" });
      for (const error of [other.error, abort, new ManualCancellation()]) {
        expect(isCancellation(error, token)).toBe(false);
      }
    },
  );

  everywhere("a group of nothing but the token's error belongs to the token", () => {
    const token = new CancellationToken();
    token.cancel();
    const group = new AggregateError([token.error, new AggregateError([token.error])]);
    expect(isCancellation(group, token)).toBe(true);
    expect(isCancellation(new Error("outer", { cause: group }), token)).toBe(true);
    expect(isCancellation(new AggregateError([token.error, new Error("real")]), token)).toBe(false);
  });

  everywhere("scopes and operations are accepted as well as tokens", async () => {
    const scope = new CancelScope();
    await scope.run(async () => {
      expect(isCancellation(new ManualCancellation(), scope)).toBe(false);
      scope.cancel();
      expect(isCancellation(await rejection(sleep(1)), scope)).toBe(true);
    });
    const op = new Cancellable();
    const error = await rejection(
      op.run(() => {
        op.cancel();
        return op.sleep(1);
      }),
    );
    expect(isCancellation(error, op)).toBe(true);
    expect(isCancellation(error, op.token)).toBe(true);
  });

  everywhere("a child's cancellation belongs to every parent, because the causes lead up", async () => {
    const top = new Cancellable({ name: "top" });
    const errors: unknown[] = [];
    await top.settle(async () => {
      await new Cancellable({ name: "middle" }).settle(async (middle) => {
        const bottom = new Cancellable({ name: "bottom" });
        await bottom.settle(async () => {
          top.cancel("shutdown", "deploying");
          errors.push(bottom.error, middle.error, top.error);
          await sleep(1);
        });
      });
    });
    expect(errors.map((error) => (error as CancellationError).reason)).toEqual([
      "parent",
      "parent",
      "shutdown",
    ]);
    expect((errors[0] as Error).cause).toBe(errors[1]);
    expect((errors[1] as Error).cause).toBe(errors[2]);
    expect(errors[0]).toMatchObject({ parentReason: "parent" });
    expect(errors[1]).toMatchObject({ parentReason: "shutdown", parentId: top.id });
    for (const error of errors) expect(isCancellation(error, top)).toBe(true);
  });

  everywhere("awaiting a cancelled task throws an error whose cause is the task's cancellation", async () => {
    await taskGroup(async (group) => {
      const task = group.startSoon(() => sleep(60_000));
      task.cancel("disconnect");
      const error = await rejection(task);
      expect(error).toBeInstanceOf(TaskCancelledError);
      expect((error as Error).cause).toBe(task.error);
      expect(cancellationOf(error)).toBe(task.error);
    });
  });
});
