import { expect, vi } from "vitest";
import {
  all,
  any,
  Cancellable,
  CancelScope,
  failAfter,
  map,
  moveOnAfter,
  race,
  type ScopeParent,
  shield,
  TimeoutSource,
  taskGroup,
  withTimeout,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { expectUsageError, thrown } from "../refusals.ts";

/** An operation that has ended. */
async function ended(name: string): Promise<Cancellable> {
  const op = new Cancellable({ name });
  await op.run(() => "value");
  return op;
}

describeEverywhere("an operation runs once (rule 34)", (everywhere) => {
  const again = /^operation "once" has already been started\. Create a new one per run\.$/;

  everywhere("a second run is refused during and after the first run, and changes nothing", async () => {
    const op = new Cancellable({ name: "once" });
    const body = vi.fn();
    const gate = deferred<string>();
    const first = op.run(() => gate.promise);
    for (const status of ["running", "completed"] as const) {
      expectUsageError(await rejection(op.run(body)), "ERR_ALREADY_STARTED", again);
      expectUsageError(
        thrown(() => op.start()),
        "ERR_ALREADY_STARTED",
        again,
      );
      expectUsageError(await rejection(op.settle(body)), "ERR_ALREADY_STARTED", again);
      expect([op.status, op.isCancelled]).toEqual([status, false]);
      gate.resolve("value");
      await expect(first).resolves.toBe("value");
    }
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("a cancelled or failed operation does not run again", async () => {
    for (const end of ["cancelled", "failed"] as const) {
      const op = new Cancellable({ name: "once" });
      if (end === "cancelled") op.cancel();
      await op.settle(() => {
        throw new Error("x");
      });
      const { duration } = op.context;
      const body = vi.fn();
      expectUsageError(await rejection(op.run(body)), "ERR_ALREADY_STARTED", again);
      expect(body).not.toHaveBeenCalled();
      expect([op.status, op.context.duration]).toEqual([end, duration]);
    }
  });

  everywhere("disposing of a handle that never started is refused, and no callback is called", async () => {
    const callback = vi.fn();
    const op = new Cancellable({ name: "idle" }).onComplete(callback).onCancel(callback).onError(callback);
    const error = await rejection(op[Symbol.asyncDispose]());
    expectUsageError(
      error,
      "ERR_NOT_STARTED",
      /^operation "idle" has not been started\. Call run\(\), settle\(\) or/,
    );
    expect(op.status).toBe("pending");
    expect(callback).not.toHaveBeenCalled();
  });
});

describeEverywhere("an operation that has ended (rule 34)", (everywhere) => {
  everywhere("no function accepts the ended operation as a parent, and the body is not called", async () => {
    const body = vi.fn();
    const over = await ended("over");
    const scope = new CancelScope();
    await scope.run(() => {});
    const text = /^options\.parent has ended\. Pass one that has not/;
    const starts: ReadonlyArray<(parent: ScopeParent) => Promise<unknown>> = [
      (parent) => new CancelScope({ parent }).run(body),
      (parent) => moveOnAfter(5, body, { parent }),
      (parent) => failAfter(5, body, { parent }),
      (parent) => withTimeout(5, body, { parent }),
      (parent) => withTimeout(5, Promise.reject(new Error("late")), { parent }),
      (parent) => shield(body, { parent }),
      (parent) => taskGroup(body, { parent }),
      (parent) => all([body], { parent }),
      (parent) => map([1], body, { parent }),
      (parent) => race([body], { parent }),
      (parent) => any([body], { parent }),
    ];
    for (const parent of [over, scope]) {
      expectUsageError(
        thrown(() => new Cancellable({ parent })),
        "ERR_PARENT_ENDED",
        text,
      );
      expectUsageError(
        thrown(() => Cancellable.withTimeout(5, { parent })),
        "ERR_PARENT_ENDED",
        text,
      );
      for (const start of starts) expectUsageError(await rejection(start(parent)), "ERR_PARENT_ENDED", text);
    }
    expectUsageError(await rejection(over.shield(body)), "ERR_PARENT_ENDED", /has ended/);
    expect(over.children).toEqual([]);
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("a child that was created before the end is refused at its start", async () => {
    const parent = new Cancellable();
    const child = new Cancellable({ parent });
    await parent.run(() => {});
    const body = vi.fn();
    expectUsageError(await rejection(child.run(body)), "ERR_PARENT_ENDED", /^options\.parent has ended/);
    expect(body).not.toHaveBeenCalled();
    expect(child.status).toBe("pending");
  });

  everywhere("a late cancel() returns false and changes nothing", async () => {
    const over = await ended("over");
    expect(over.cancel("shutdown")).toBe(false);
    expect([over.status, over.isCancelled, over.context.cancelReason]).toEqual([
      "completed",
      false,
      undefined,
    ]);
  });
});
