import { Cancellable, type CancellationError, sleepForever } from "@hother/cancelable";
import { fromCancellable } from "@hother/cancelable-backends/effection";
import { createContext, type Operation, sleep as pause, run, suspend } from "effection";
import { describe, expect, test } from "vitest";
import { rejection, turn } from "../support.ts";

describe("fromCancellable: results", () => {
  test("the value of an asynchronous or synchronous body comes out", async () => {
    const op = new Cancellable();
    expect(await run(() => fromCancellable(op, async () => 42))).toBe(42);
    expect(op.context.status).toBe("completed");
    expect(await run(() => fromCancellable(new Cancellable(), () => "now"))).toBe("now");
  });

  test("arrays, strings and maps are values, not operations", async () => {
    expect(await run(() => fromCancellable(new Cancellable(), () => ["a", "b"]))).toEqual(["a", "b"]);
    expect(await run(() => fromCancellable(new Cancellable(), () => "text"))).toBe("text");
    const map = new Map([["a", 1]]);
    expect(await run(() => fromCancellable(new Cancellable(), () => map))).toBe(map);
    const set = new Set([1]);
    expect(await run(() => fromCancellable(new Cancellable(), () => set))).toBe(set);
    const bytes = new Uint8Array([1, 2]);
    expect(await run(() => fromCancellable(new Cancellable(), () => bytes))).toBe(bytes);
  });

  test("a function that creates the Cancellable lets the operation be evaluated several times", async () => {
    let calls = 0;
    const operation = fromCancellable(
      () => new Cancellable(),
      () => ++calls,
    );
    expect(
      await run(function* () {
        return [yield* operation, yield* operation];
      }),
    ).toEqual([1, 2]);
    const wrong = fromCancellable(
      () => 5 as never,
      () => 1,
    );
    expect(await rejection(run(() => wrong))).toMatchObject({ code: "ERR_INVALID_ARG_TYPE" });
  });

  test("a cancellation of the operation is thrown as the operation's error", async () => {
    const op = new Cancellable();
    const seen = await run(function* () {
      try {
        yield* fromCancellable(op, async () => {
          op.cancel("shutdown", "the service is going down");
          await sleepForever();
        });
        return undefined;
      } catch (error) {
        return error as CancellationError;
      }
    });
    expect(seen).toBe(op.token.error);
    expect(seen).toMatchObject({ reason: "shutdown", message: "the service is going down" });
  });

  test("a timeout of the operation is thrown", async () => {
    const error = await rejection(
      run(() => fromCancellable(Cancellable.withTimeout(5), () => sleepForever())),
    );
    expect(error).toMatchObject({ name: "TimeoutError", reason: "timeout" });
  });

  test("an operation that is cancelled before does not start its body", async () => {
    const op = new Cancellable();
    op.cancel();
    let started = false;
    const error = await rejection(
      run(() =>
        fromCancellable(op, () => {
          started = true;
        }),
      ),
    );
    expect(error).toBe(op.token.error);
    expect(started).toBe(false);
  });

  test("other rejections and synchronous errors come out unchanged", async () => {
    const wrong = new RangeError("wrong");
    expect(await rejection(run(() => fromCancellable(new Cancellable(), () => Promise.reject(wrong))))).toBe(
      wrong,
    );
    const thrown = run(() =>
      fromCancellable(new Cancellable(), () => {
        throw wrong;
      }),
    );
    expect(await rejection(thrown)).toBe(wrong);
  });

  test("wrong arguments are refused at once", () => {
    expect(() => fromCancellable({} as Cancellable, () => 1)).toThrow(
      "op must be a Cancellable, or a function that returns one; got object",
    );
    expect(() => fromCancellable(new Cancellable(), 1 as never)).toThrow(
      "body must be a function; got number",
    );
  });
});

describe("fromCancellable: a body that returns an operation", () => {
  const Greeting = createContext<string>("test/greeting");

  test("the operation's value comes out, and the operation has the contexts of the caller", async () => {
    const value = await run(function* () {
      yield* Greeting.set("hello");
      return yield* fromCancellable(new Cancellable(), () =>
        (function* () {
          yield* pause(1);
          return `${yield* Greeting.expect()}, world`;
        })(),
      );
    });
    expect(value).toBe("hello, world");
  });

  test("errors of the operation come out, and nowhere else", async () => {
    const wrong = new Error("wrong");
    const seen = await run(function* () {
      try {
        return yield* fromCancellable(new Cancellable(), function* (): Operation<string> {
          yield* pause(0);
          throw wrong;
        });
      } catch (error) {
        return error;
      }
    });
    expect(seen).toBe(wrong);
  });

  test("cancelling halts the operation and waits for its finally block", async () => {
    const op = new Cancellable();
    const order: string[] = [];
    const task = run(function* () {
      try {
        yield* fromCancellable(op, function* (): Operation<void> {
          try {
            yield* suspend();
          } finally {
            yield* pause(2);
            order.push("finally");
          }
        });
      } catch (error) {
        order.push((error as CancellationError).reason);
      }
    });
    await turn();
    op.cancel("shutdown");
    await task;
    expect(order).toEqual(["finally", "shutdown"]);
  });
});
