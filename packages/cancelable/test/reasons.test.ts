import { expect } from "vitest";
import {
  AbortSignalSource,
  Cancellable,
  CancellationError,
  CancellationToken,
  CancelScope,
  ConditionCancellation,
  ManualCancellation,
  ParentCancellation,
  SignalCancellation,
  sleepForever,
  TimeoutCancellation,
  taskGroup,
} from "../src/index.ts";
import { describeEverywhere, rejection } from "./backends.ts";

describeEverywhere("the reason and the cause of cancel()", (everywhere) => {
  everywhere("a word of the application arrives in error, context and token", async () => {
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      op.cancel("client-left", "the tab was closed");
      return sleepForever();
    });
    expect(outcome).toMatchObject({ error: { reason: "client-left", name: "AbortError" } });
    expect([op.context.cancelReason, op.token.reason]).toEqual(["client-left", "client-left"]);
    expect(op.token.error).toBeInstanceOf(CancellationError);
  });

  everywhere(
    "the cause of cancel() is the cause of the error, for everything that has cancel()",
    async () => {
      const cause = new Error("the disk is full");
      const options = { cause };
      const token = new CancellationToken();
      token.cancel("quota", "full", options);
      const op = new Cancellable();
      op.cancel("quota", "full", { cause, propagate: false });
      const scope = new CancelScope();
      scope.cancel("quota", "full", options);
      for (const { error } of [token, op, scope]) {
        expect(error).toMatchObject({ reason: "quota", message: "full" });
        expect(error?.cause).toBe(cause);
      }
      await taskGroup(async (group) => {
        const task = group.startSoon(sleepForever);
        task.cancel("quota", "full", options);
        await task.wait();
        expect((task.error as CancellationError).cause).toBe(cause);
        group.cancel("quota", "full", options);
        expect(group.scope.error?.cause).toBe(cause);
      });
      expect(new CancellationToken().cancel("manual", "x", {})).toBe(true);
      const silent = new CancellationToken();
      silent.cancel("quota", undefined, options);
      expect(silent.message).toBeUndefined();
      expect(() => token.cancel("manual", "x", { casue: cause } as never)).toThrow("options.casue");
      expect(() => op.cancel("manual", "x", { casue: cause } as never)).toThrow("options.casue");
    },
  );

  everywhere("a body that throws the cause of the cancellation has failed with it", async () => {
    const failure = new Error("the disk is full");
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      op.cancel("error", "no space", { cause: failure });
      throw failure;
    });
    expect(outcome).toEqual({ status: "failed", error: failure });
  });

  everywhere(
    "an AbortSignalSource has the reason of its options, and keeps an error of this library",
    async () => {
      const reasonOf = async (reason: unknown, options?: { reason?: string; name?: string }) => {
        const controller = new AbortController();
        const op = new Cancellable().addSource(new AbortSignalSource(controller.signal, options));
        await op.settle(() => {
          controller.abort(reason);
          return sleepForever();
        });
        expect(op.token.error?.cause).toBe(controller.signal.reason);
        return [op.context.cancelReason, op.context.cancelMessage, op.context.metadata.cancelledBy];
      };
      const quota = new CancellationError("quota", "full");
      expect(await reasonOf(new Error("bye"))).toEqual(["manual", "bye", "abort-signal"]);
      expect(await reasonOf(quota)).toEqual(["quota", "full", "abort-signal"]);
      expect(await reasonOf(quota, { reason: "disconnect", name: "socket" })).toEqual([
        "disconnect",
        "full",
        "socket",
      ]);
      const { signal } = new AbortController();
      expect(() => new AbortSignalSource(signal, { reason: "Not a word" })).toThrow("options.reason");
      expect(() => new AbortSignalSource(signal, "socket" as never)).toThrow(TypeError);
    },
  );
});

describeEverywhere("an error as JSON", (everywhere) => {
  everywhere("has the data of its class, and becomes an error of the same class again", () => {
    const errors = [
      new TimeoutCancellation(undefined, { timeoutMs: 5 }),
      new ManualCancellation("enough"),
      new SignalCancellation(undefined, { signal: "SIGINT" }),
      new ConditionCancellation(undefined, { conditionName: "full" }),
      new ParentCancellation(undefined, { parentId: "p", parentReason: "quota" }),
      new CancellationError("superseded", "a newer request"),
    ];
    for (const error of errors) {
      const text = JSON.stringify(error);
      const { name, reason, message, code, _tag } = error;
      expect(JSON.parse(text)).toMatchObject({ name, reason, message, code });
      const copy = CancellationError.from(JSON.parse(text));
      expect(copy).toBeInstanceOf(error.constructor);
      expect(copy._tag).toBe(_tag);
      expect(JSON.stringify(copy)).toBe(text);
    }
    expect(JSON.parse(JSON.stringify(errors[0]))).toEqual({
      name: "TimeoutError",
      reason: "timeout",
      message: "Operation timed out after 5 ms",
      code: "ABORT_ERR",
      timeoutMs: 5,
    });
  });

  everywhere("other data is refused, and details of a wrong type are left out", () => {
    for (const wrong of [null, undefined, 5, "timeout", {}, { reason: "timeout" }, { message: "x" }]) {
      expect(() => CancellationError.from(wrong as never)).toThrow(TypeError);
    }
    expect(() => CancellationError.from({ reason: "Not a word", message: "x" })).toThrow("json.reason");
    const error = CancellationError.from({ reason: "timeout", message: "x", timeoutMs: "5" as never });
    expect("timeoutMs" in error).toBe(false);
  });

  everywhere("the JSON of an operation's own cancellation names the operation", async () => {
    const op = new Cancellable({ name: "load", id: "op-1" });
    op.cancel();
    const json = JSON.parse(JSON.stringify(op.error));
    expect(json.operation).toEqual({ id: "op-1", name: "load" });
    expect(CancellationError.from(json)).toMatchObject({ message: json.message, operation: undefined });
  });
});

describeEverywhere("an error says whose it is", (everywhere) => {
  everywhere("the message begins with the operation, and error.operation has its id and name", async () => {
    const op = Cancellable.withTimeout(5, { name: "load users" });
    const outcome = await op.settle(() => sleepForever());
    expect(outcome).toMatchObject({ error: { message: 'operation "load users" timed out after 5 ms' } });
    expect(op.token.message).toBe('operation "load users" timed out after 5 ms');
    expect((outcome as { error: CancellationError }).error.operation).toEqual({
      id: op.id,
      name: "load users",
    });

    const withId = new Cancellable({ id: "job-7" });
    withId.cancel("quota");
    expect(withId.error?.message).toBe("operation job-7 cancelled: quota");
    const anonymous = new Cancellable();
    anonymous.token.cancel();
    expect(anonymous.error?.message).toBe("Operation cancelled manually");
    expect(anonymous.error?.operation).toEqual({ id: anonymous.id, name: undefined });
  });

  everywhere("a child's error names the child, and its cause names the parent", async () => {
    const parent = new Cancellable({ name: "above" });
    await parent.settle(async () => {
      const child = new Cancellable({ name: "below" });
      await child.settle(() => {
        parent.cancel("shutdown");
        return sleepForever();
      });
      expect(child.error?.message).toBe(
        'operation "below" cancelled because its parent was cancelled (shutdown)',
      );
      expect(child.error?.operation?.name).toBe("below");
      expect((child.error?.cause as CancellationError).operation?.name).toBe("above");
    });
  });

  everywhere("errors of tokens, scopes and users belong to no operation", async () => {
    const token = new CancellationToken();
    token.cancel();
    const scope = new CancelScope({ timeout: 0 });
    await scope.run(sleepForever);
    const named = new CancelScope({ timeout: 0, name: "poll" });
    await named.run(sleepForever);
    expect(named.error?.message).toBe('scope "poll" timed out after 0 ms');
    for (const error of [token.error, scope.error, named.error, new CancellationError()]) {
      expect(error?.operation).toBeUndefined();
    }
    const thrown = new CancellationError("quota");
    const op = new Cancellable({ name: "thrower" });
    expect(await rejection(op.run(() => Promise.reject(thrown)))).toBe(thrown);
    expect(thrown.operation?.name).toBe("thrower");
  });

  everywhere("where stacks cannot be cut, the stack contains the frames of the library too", () => {
    const { captureStackTrace } = Error;
    const token = new CancellationToken();
    try {
      Object.assign(Error, { captureStackTrace: undefined });
      token.cancel();
    } finally {
      Error.captureStackTrace = captureStackTrace;
    }
    expect(token.error?.stack).toContain("reasons.test.ts");
  });

  everywhere("the stack of cancel() begins at the caller, also if the error is read later", async () => {
    const firstFrame = (error: Error | undefined): string | undefined => error?.stack?.split("\n")[1];
    function here<T extends { cancel(): boolean }>(target: T): T {
      target.cancel();
      return target;
    }
    const [token, op, scope] = [new CancellationToken(), new Cancellable(), new CancelScope()];
    for (const target of [token, op, scope]) {
      const { error } = here<typeof target>(target);
      expect(firstFrame(error)).toContain("at here");
      expect(error?.stack).toMatch(/^AbortError: Operation cancelled manually\n/);
    }
    await taskGroup(async (group) => {
      const task = group.startSoon(sleepForever);
      here(task);
      await task.wait();
      expect(firstFrame(task.error as Error)).toContain("at here");
      expect(firstFrame(here(group).scope.error)).toContain("at here");
    });
  });
});
