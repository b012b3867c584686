import { describe, expect, test, vi } from "vitest";
import {
  Cancellable,
  CancellationError,
  CancellationToken,
  currentOperation,
  isCancellation,
  run,
  sleep,
  sleepForever,
  TimeoutCancellation,
  TimeoutSource,
  unwrap,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("settle", (everywhere) => {
  everywhere("the outcome of settle() is completed, cancelled or failed", async () => {
    const failure = new Error("body");
    expect(await new Cancellable().settle(async () => 42)).toEqual({ status: "completed", value: 42 });
    expect(await new Cancellable().settle(() => Promise.reject(failure))).toEqual({
      status: "failed",
      error: failure,
    });
    const op = Cancellable.withTimeout(5);
    const outcome = await op.settle(() => sleepForever());
    expect(outcome).toEqual({ status: "cancelled", error: op.token.error });
  });

  everywhere("unwrap() gives the value of an outcome or throws its error", async () => {
    expect(unwrap(await new Cancellable().settle(async () => 42))).toBe(42);
    const failure = new Error("body");
    const failed = await new Cancellable().settle(() => Promise.reject(failure));
    expect(() => unwrap(failed)).toThrow(failure);
    const op = new Cancellable();
    op.cancel();
    const cancelled = await op.settle(() => {});
    expect(() => unwrap(cancelled)).toThrow(op.error);
  });

  everywhere("settle() rejects for misuse, which no program reads in an outcome", async () => {
    const op = new Cancellable();
    await op.run(() => "once");
    const body = vi.fn();
    expect(await rejection(op.settle(body))).toMatchObject({
      name: "UsageError",
      code: "ERR_ALREADY_STARTED",
    });
    const fresh = new Cancellable();
    expect(await rejection(fresh.settle("body" as never))).toMatchObject({ code: "ERR_INVALID_ARG_TYPE" });
    expect(await fresh.settle(() => "value")).toEqual({ status: "completed", value: "value" });
    expect(body).not.toHaveBeenCalled();
    expect(op.context.status).toBe("completed");
  });

  everywhere("a second run of a cancelled operation is misuse, not another cancellation", async () => {
    const op = new Cancellable();
    op.cancel();
    expect((await op.settle(() => {})).status).toBe("cancelled");
    expect(await rejection(op.settle(() => {}))).toMatchObject({ code: "ERR_ALREADY_STARTED" });
  });

  everywhere("run() rejects with the error of the outcome", async () => {
    const op = Cancellable.withTimeout(5);
    const error = await rejection(op.run(() => sleepForever()));
    expect(error).toBeInstanceOf(TimeoutCancellation);
    expect(error).toBe(op.token.error);
    expect(isCancellation(error, op)).toBe(true);
  });

  everywhere(
    "a CancellationError that the body constructs cancels the operation (rule 30, PAR-CAN-44)",
    async () => {
      const thrown = new CancellationError("signal", "by hand");
      const op = new Cancellable();
      expect(await op.settle(() => Promise.reject(thrown))).toEqual({ status: "cancelled", error: thrown });
      expect(op.context).toMatchObject({
        status: "cancelled",
        cancelReason: "signal",
        cancelMessage: "by hand",
      });
    },
  );

  everywhere("the cancellation of another operation is a failure", async () => {
    const other = Cancellable.withTimeout(5);
    const outcome = await new Cancellable().settle(() => other.run(() => sleepForever()));
    expect(outcome).toEqual({ status: "failed", error: other.token.error });
  });

  everywhere("a body that throws before its first await has failed like any other", async () => {
    const failure = new Error("sync");
    const outcome = await new Cancellable().settle(() => {
      throw failure;
    });
    expect(outcome).toEqual({ status: "failed", error: failure });
  });
});

describeEverywhere("grace (rule 2)", (everywhere) => {
  everywhere("the grace counts from the cancellation, not from the start", async (t) => {
    const stuck = deferred();
    const op = new Cancellable({ grace: { milliseconds: 10 } });
    const outcome = await op.settle(() => {
      op.addSource(new TimeoutSource(20));
      return stuck.promise;
    });
    expect(outcome).toMatchObject({ status: "cancelled", abandoned: true });
    t.expectElapsed(30);
    stuck.resolve();
  });

  everywhere("run() rejects with the cancellation, and a late value or rejection is dropped", async () => {
    for (const late of ["value", "rejection"]) {
      const stuck = deferred();
      const op = new Cancellable({ grace: 5 });
      const ended = vi.fn();
      op.onCancel(ended).onComplete(ended).onError(ended);
      const running = op.run(() => {
        op.addSource(new TimeoutSource(5));
        return stuck.promise;
      });
      expect(await rejection(running)).toBe(op.token.error);
      // The run fails if this is an unhandled rejection.
      if (late === "value") stuck.resolve();
      else stuck.reject(new Error("late"));
      await sleep(1);
      expect(op.context.status).toBe("cancelled");
      expect(ended).toHaveBeenCalledTimes(1);
    }
  });

  everywhere("without a cancellation the grace has no effect", async (t) => {
    expect(await new Cancellable({ grace: 1 }).run(() => sleep(20).then(() => "value"))).toBe("value");
    t.expectElapsed(20);
  });

  everywhere("a body that ends within the grace gives its own outcome", async () => {
    const value = await new Cancellable({ grace: 1_000 }).settle(async (op) => {
      setImmediate(() => op.cancel());
      await rejection(sleepForever());
      await op.shield(() => sleep(10));
      return "saved";
    });
    expect(value).toEqual({ status: "completed", value: "saved" });
  });

  everywhere("an invalid grace is refused with the name of the option", () => {
    expect(() => new Cancellable({ grace: Number.NaN })).toThrow(/options\.grace/);
    expect(() => new Cancellable({ grace: "5" as never })).toThrow(TypeError);
  });
});

describe("the warning after 5 s (rule 2)", () => {
  /** Returns the console output of an operation that is cancelled at 1 s, in virtual time. */
  async function warnings(
    op: () => Cancellable,
    body: (op: Cancellable) => Promise<unknown>,
  ): Promise<{ texts: string[]; at: number[] }> {
    const backend = new VirtualBackend();
    const at: number[] = [];
    const warn = vi.spyOn(console, "warn").mockImplementation(() => void at.push(backend.now()));
    try {
      await run(() => op().settle(body), { backend });
      return { texts: warn.mock.calls.map((call) => String(call[0])), at };
    } finally {
      warn.mockRestore();
    }
  }

  const stubborn =
    (ms: number) =>
    (op: Cancellable): Promise<unknown> =>
      op.shield(() => sleep(ms));

  test("a cancelled body that has not ended is named once, with advice", async () => {
    const { texts, at } = await warnings(
      () => Cancellable.withTimeout(1_000, { name: "import" }),
      stubborn(60_000),
    );
    expect(at).toEqual([6_000]);
    expect(texts[0]).toMatch(/"import".*op\.signal.*op\.waitFor/);
  });

  test("a handle that was not disposed of is named, of the operation itself or of one below", async () => {
    const { texts } = await warnings(
      () => Cancellable.withTimeout(1_000, { name: "import" }),
      async (op) => {
        const handle = new Cancellable({ name: "upload", parent: op }).start();
        await op.shield(() => sleep(10_000));
        await handle[Symbol.asyncDispose]();
      },
    );
    expect(texts).toEqual([
      expect.stringMatching(/"import" was cancelled.*the handle of operation "upload" below it.*disposed of/),
      expect.stringMatching(/"upload" was cancelled.*its handle has not been disposed of.*await using/),
    ]);
  });

  test("a body that ends in time causes no warning", async () => {
    const { at } = await warnings(() => Cancellable.withTimeout(1_000), stubborn(5_999));
    expect(at).toEqual([]);
  });

  test("an operation without a cancellation causes no warning, however long it takes", async () => {
    const { at } = await warnings(() => new Cancellable(), stubborn(60_000));
    expect(at).toEqual([]);
  });

  test("an operation with a grace causes no warning", async () => {
    for (const grace of [10_000, null]) {
      const { at } = await warnings(() => Cancellable.withTimeout(1_000, { grace }), stubborn(60_000));
      expect(at).toEqual([]);
    }
  });
});

describeEverywhere("op.shield (rule 9)", (everywhere) => {
  everywhere(
    "the shield's own timeout throws a TimeoutCancellation, and the operation goes on",
    async (t) => {
      const value = await new Cancellable().run(async (op) => {
        const error = await rejection(op.shield(() => sleepForever(), { timeout: { milliseconds: 10 } }));
        expect(error).toBeInstanceOf(TimeoutCancellation);
        expect(op.isCancelled).toBe(false);
        return "went on";
      });
      expect(value).toBe("went on");
      t.expectElapsed(10);
    },
  );

  everywhere("in a cancelled operation the shield's own timeout still holds", async (t) => {
    const op = new Cancellable();
    await op.settle(async () => {
      op.cancel();
      expect(await op.shield(() => "in time", { timeout: 10 })).toBe("in time");
      expect(await rejection(op.shield(() => sleepForever(), { timeout: 10 }))).toMatchObject({
        reason: "timeout",
      });
    });
    t.expectElapsed(10);
  });

  everywhere("the shielded operation can be cancelled by itself", async () => {
    await new Cancellable().run(async (op) => {
      const error = await rejection(
        op.shield((inner) => {
          inner.cancel("manual", "only this");
          return sleepForever();
        }),
      );
      expect(error).toMatchObject({ reason: "manual", message: "only this" });
      expect(op.isCancelled).toBe(false);
    });
  });

  everywhere("wrong arguments and an ended operation are refused", async () => {
    const op = new Cancellable();
    await op.run(async () => {
      expect(await rejection(op.shield("body" as never))).toBeInstanceOf(TypeError);
      expect(await rejection(op.shield(() => {}, { timeout: Number.NaN }))).toMatchObject({
        message: expect.stringContaining("options.timeout"),
      });
    });
    expect(await rejection(op.shield(() => {}))).toMatchObject({ code: "ERR_PARENT_ENDED" });
  });
});

describeEverywhere("op.wrap and op.waitFor", (everywhere) => {
  everywhere("a wrapped function is called with its arguments in the operation (PAR-CAN-24)", async () => {
    const op = new Cancellable();
    const add = op.wrap(async (a: number, b: number) => {
      expect(currentOperation()).toBe(op);
      return a + b;
    });
    expect(
      await op.run(async () => {
        const sum: number = await add(1, 2);
        return sum;
      }),
    ).toBe(3);
    expect(() => op.wrap(42 as never)).toThrow(TypeError);
  });

  everywhere("in a cancelled operation a wrapped function is not called (PAR-CAN-25)", async () => {
    const token = new CancellationToken();
    const fn = vi.fn();
    const op = Cancellable.withToken(token);
    const wrapped = op.wrap(fn);
    await op.settle(async () => {
      token.cancel();
      expect(await rejection(wrapped())).toBe(op.token.error);
      expect(await rejection(op.waitFor(fn))).toBe(op.token.error);
    });
    expect(fn).not.toHaveBeenCalled();
  });

  everywhere("when the operation is cancelled both stop waiting and abandon the foreign work", async (t) => {
    const stuck = deferred();
    const op = new Cancellable();
    await op.settle(async () => {
      const waits = [
        op.waitFor(stuck.promise),
        op.wrap(() => stuck.promise)(),
        op.waitFor(() => stuck.promise),
      ];
      op.addSource(new TimeoutSource(10));
      const errors = await Promise.all(waits.map(rejection));
      expect(new Set(errors)).toEqual(new Set([op.token.error]));
    });
    t.expectElapsed(10);
    stuck.reject(new Error("late"));
    await sleep(1);
  });
});
