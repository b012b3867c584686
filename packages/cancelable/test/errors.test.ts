import { describe, expect, test } from "vitest";
import {
  Cancellable,
  CancellationError,
  type CancellationReason,
  CancellationToken,
  CancelScope,
  ConditionCancellation,
  isCancellation,
  ManualCancellation,
  moveOnAfter,
  ParentCancellation,
  QueueClosedError,
  SignalCancellation,
  shield,
  sleep,
  sleepForever,
  TaskCancelledError,
  TaskFailedError,
  TimeoutCancellation,
  taskGroup,
  UsageError,
} from "../src/index.ts";
import { describeEverywhere, rejection } from "./backends.ts";
import { runScript } from "./child.ts";

const reasons: ReadonlyArray<
  readonly [CancellationReason, typeof CancellationError | (new () => CancellationError)]
> = [
  ["timeout", TimeoutCancellation],
  ["manual", ManualCancellation],
  ["signal", SignalCancellation],
  ["condition", ConditionCancellation],
  ["parent", ParentCancellation],
  ["error", CancellationError],
  ["shutdown", CancellationError],
  ["disconnect", CancellationError],
];

describe("the error classes", () => {
  test("CancellationError has a reason, a message, a context and a default text (PAR-EXC-01)", () => {
    expect(new CancellationError("timeout").message).toBe("Operation timed out");
    expect(new CancellationError().reason).toBe("manual");
    const context = { id: "op" };
    const error = new CancellationError("shutdown", "going down", { context });
    expect([error.reason, error.message, error.context]).toEqual(["shutdown", "going down", context]);
    expect(error.context).toBe(context);
  });

  test("TimeoutCancellation has the allowed time if it is known (PAR-EXC-02)", () => {
    expect(new TimeoutCancellation().message).toBe("Operation timed out");
    expect(new TimeoutCancellation().timeoutMs).toBeUndefined();
    const error = new TimeoutCancellation(undefined, { timeoutMs: 5_000 });
    expect([error.message, error.timeoutMs]).toEqual(["Operation timed out after 5 s", 5_000]);
    expect(new TimeoutCancellation(undefined, { timeoutMs: 50 }).message).toBe(
      "Operation timed out after 50 ms",
    );
    expect(new TimeoutCancellation("too slow", { timeoutMs: 0 })).toMatchObject({
      message: "too slow",
      timeoutMs: 0,
    });
  });

  test("ManualCancellation has a default text (PAR-EXC-03)", () => {
    expect(new ManualCancellation().message).toBe("Operation cancelled manually");
    expect(new ManualCancellation("enough").message).toBe("enough");
  });

  test("SignalCancellation names its signal", () => {
    expect(new SignalCancellation().message).toBe("Operation cancelled by signal");
    const error = new SignalCancellation(undefined, { signal: "SIGTERM" });
    expect([error.message, error.signal]).toEqual(["Operation cancelled by signal SIGTERM", "SIGTERM"]);
  });

  test("ConditionCancellation names its condition (PAR-EXC-05)", () => {
    expect(new ConditionCancellation().message).toBe("Operation cancelled: condition met");
    const error = new ConditionCancellation(undefined, { conditionName: "full" });
    expect([error.message, error.conditionName]).toEqual(["Operation cancelled: full condition met", "full"]);
  });

  test("ParentCancellation has the id and the reason of the parent (PAR-EXC-06)", () => {
    const text = "Operation cancelled because its parent was cancelled";
    expect(new ParentCancellation().message).toBe(text);
    const error = new ParentCancellation(undefined, { parentId: "p", parentReason: "timeout" });
    expect(error).toMatchObject({ message: `${text} (timeout)`, parentId: "p", parentReason: "timeout" });
  });

  test("every class extends CancellationError and Error and has its reason, cause and context (PAR-EXC-07)", () => {
    const cause = new Error("cause");
    for (const [reason, Class] of reasons.slice(0, 5)) {
      const Built = Class as new (message?: string, options?: object) => CancellationError;
      const error = new Built("text", { cause, context: reason });
      expect(error).toBeInstanceOf(CancellationError);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ reason, message: "text", context: reason });
      expect(error.cause).toBe(cause);
      expect(error.stack).toContain("errors.test.ts");
    }
  });

  test("the caller of cancel() is in the stack; errors of deadlines and parents have no stack frames", async () => {
    const before = Error.stackTraceLimit;
    const parent = new Cancellable();
    await parent.settle(async () => {
      const child = new Cancellable();
      const ended = child.settle(() => sleepForever());
      parent.cancel("shutdown");
      expect((await ended) as { error: Error }).toMatchObject({
        error: { stack: expect.not.stringMatching(/\n/) },
      });
    });
    expect(parent.token.error?.stack).toContain("errors.test.ts");
    const late = await Cancellable.withTimeout(1).settle(() => sleepForever());
    expect((late as { error: Error }).error.stack).toBe("TimeoutError: Operation timed out after 1 ms");
    expect(Error.stackTraceLimit).toBe(before);
  });

  test("the library works where Error is frozen; then every error has stack frames", async () => {
    const { code, output, errors } = await runScript(`
      Object.freeze(Error);
      import("@hother/cancelable").then(async ({ Cancellable, sleepForever }) => {
        const { error } = await Cancellable.withTimeout(1).settle(() => sleepForever());
        console.log(error.message, error.stack.includes("at "));
      });
    `);
    expect([code, output, errors]).toEqual([0, "Operation timed out after 1 ms true\n", ""]);
  });

  test("an error that a user constructed has no operation and no place", () => {
    const { operation, place } = new ManualCancellation();
    expect([operation, place]).toEqual([undefined, undefined]);
  });

  test("an object that only inherits from a cancellation ends an operation as one", async () => {
    const odd = Object.create(ManualCancellation.prototype) as ManualCancellation;
    const outcome = await new Cancellable().settle(() => {
      throw odd;
    });
    expect(outcome).toMatchObject({ status: "cancelled" });
  });

  test("a cause that was not given is absent, and undefined is a valid cause", () => {
    expect("cause" in new CancellationError("manual", "x")).toBe(false);
    expect("cause" in new CancellationError("manual", "x", { context: 1 })).toBe(false);
    expect("cause" in new CancellationError("manual", "x", { cause: undefined })).toBe(true);
    expect(new CancellationError("manual", "x").context).toBeUndefined();
  });

  test("name and code are those of an AbortSignal's errors (rule 6)", () => {
    for (const [reason, Class] of reasons) {
      const token = new CancellationToken();
      token.cancel(reason);
      const { error } = token;
      expect(error?.constructor).toBe(Class);
      expect(error).toMatchObject({
        reason,
        code: "ABORT_ERR",
        name: reason === "timeout" ? "TimeoutError" : "AbortError",
      });
      expect(String(error)).toBe(`${error?.name}: ${error?.message}`);
    }
  });

  test("users may extend the classes", () => {
    class Throttled extends CancellationError {
      constructor() {
        super("condition", "slow down");
      }
    }
    const error = new Throttled();
    expect(error).toBeInstanceOf(CancellationError);
    expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", reason: "condition" });
    expect(isCancellation(error)).toBe(true);
  });

  test("errors that are no cancellations do not look like cancellations", () => {
    for (const Class of [QueueClosedError, TaskFailedError, TaskCancelledError, UsageError]) {
      expect(Class.prototype).toBeInstanceOf(Error);
      expect(Class.prototype).not.toBeInstanceOf(CancellationError);
    }
    expect(new QueueClosedError("sender")).toMatchObject({
      name: "QueueClosedError",
      code: "ERR_CLOSED",
      by: "sender",
    });
    expect(isCancellation(new QueueClosedError("sender"))).toBe(false);
  });
});

describeEverywhere("existing catch code (rule 6)", (everywhere) => {
  everywhere("the errors of tokens and timeouts have the name and the code of DOM aborts", async () => {
    const token = new CancellationToken();
    token.cancel();
    expect(token.error).toMatchObject({ name: "AbortError", code: "ABORT_ERR" });
    const timeout = await rejection(Cancellable.withTimeout(1).run(() => sleepForever()));
    expect(timeout).toMatchObject({ name: "TimeoutError", code: "ABORT_ERR", reason: "timeout" });
    expect(timeout).toBeInstanceOf(TimeoutCancellation);
    expect(timeout).toBeInstanceOf(Error);
    expect(isCancellation(timeout)).toBe(true);
    expect(isCancellation(new Error("no"))).toBe(false);
  });
});

describeEverywhere("the content of a cancellation error", (everywhere) => {
  everywhere("the error says which scope was cancelled, why, and with which message (CONF-B30)", async () => {
    const explicit = new CancelScope();
    await explicit.run(async (scope) => {
      const { signal } = scope;
      scope.cancel("shutdown", "deploying");
      expect(scope.error).toMatchObject({ reason: "shutdown", message: "deploying" });
      expect(signal.reason).toBe(scope.error);
      await sleep(1);
    });
    await new CancelScope().run(async (scope) => {
      scope.cancel();
      expect(scope.error).toBeInstanceOf(ManualCancellation);
      await sleep(1);
    });
    await moveOnAfter(5, async (scope) => {
      const error = await rejection(sleepForever());
      expect(error).toBe(scope.error);
      expect(error).toBeInstanceOf(TimeoutCancellation);
      expect(error).toMatchObject({ timeoutMs: 5, message: "Operation timed out after 5 ms" });
    });
    const failure = new Error("disk full");
    let seen: unknown;
    await rejection(
      taskGroup(async (group) => {
        group.startSoon(async function writer() {
          throw failure;
        });
        seen = await rejection(sleepForever());
      }),
    );
    expect(seen).toMatchObject({ reason: "error", message: "task writer failed", cause: failure });
  });

  everywhere(
    "a CancellationError that a user constructs or extends belongs to no scope (rule 30, CONF-B31)",
    async () => {
      class Mine extends CancellationError {}
      for (const error of [new CancellationError("shutdown", "mine"), new Mine()]) {
        expect(isCancellation(error)).toBe(true);
        const scope = new CancelScope();
        expect(await rejection(scope.run(() => Promise.reject(error)))).toBe(error);
        expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([false, false]);
        expect(await rejection(moveOnAfter(1_000, () => Promise.reject(error)))).toBe(error);
        expect(await rejection(shield(() => Promise.reject(error)))).toBe(error);
      }
    },
  );
});

test("the cancellation by a signal names the signal (PAR-EXC-04)", () => {
  const error = new SignalCancellation(undefined, { signal: "SIGTERM" });
  expect(error).toMatchObject({
    reason: "signal",
    signal: "SIGTERM",
    name: "AbortError",
    message: "Operation cancelled by signal SIGTERM",
  });
  expect(new SignalCancellation()).toMatchObject({ message: "Operation cancelled by signal" });
  expect("signal" in new SignalCancellation()).toBe(false);
  expect(new SignalCancellation("mine", { signal: "SIGINT" })).toMatchObject({ message: "mine" });
});
