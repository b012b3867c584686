import { expect, vi } from "vitest";
import { Cancellable, CancellationError, CancellationToken, sleepForever } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("an operation that is cancelled before its start (rule 1)", (everywhere) => {
  everywhere("run() rejects and settle() reports the cancellation, and the body is not called", async () => {
    const body = vi.fn();
    const first = new Cancellable();
    first.cancel("shutdown", "not today");
    await expect(first.run(body)).rejects.toMatchObject({ reason: "shutdown", message: "not today" });
    const second = new Cancellable();
    second.cancel();
    await expect(second.settle(body)).resolves.toMatchObject({ status: "cancelled" });
    expect(body).not.toHaveBeenCalled();
    expect(first.context.status).toBe("cancelled");
  });

  everywhere("an operation whose token was cancelled before does not start (PAR-CAN-32)", async () => {
    const token = new CancellationToken();
    token.cancel("manual", "too late");
    const body = vi.fn();
    const outcome = await Cancellable.withToken(token).settle(body);
    expect(outcome).toMatchObject({
      status: "cancelled",
      error: { reason: "manual", message: "too late" },
    });
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("an operation with a timeout of 0 does not start", async () => {
    const body = vi.fn();
    await expect(Cancellable.withTimeout(0).settle(body)).resolves.toMatchObject({ status: "cancelled" });
    expect(body).not.toHaveBeenCalled();
  });
});

describeEverywhere("the body's result and the request to cancel (rule 3)", (everywhere) => {
  everywhere("a body that returns a value has completed, and the context has the request", async () => {
    const op = new Cancellable();
    const value = await op.run(() => {
      op.cancel("shutdown", "going down");
      return 42;
    });
    expect(value).toBe(42);
    expect(op.context).toMatchObject({
      status: "completed",
      cancelRequested: true,
      cancelReason: "shutdown",
      cancelMessage: "going down",
    });
    expect(op.isCompleted).toBe(true);
    expect([op.isCancelled, op.cancelledCaught]).toEqual([true, false]);
  });

  everywhere(
    "a body that throws another error has failed with that error, and the context has the request",
    async () => {
      const op = new Cancellable();
      const failure = new TypeError("broken");
      await expect(
        op.settle(async () => {
          op.cancel("shutdown");
          throw failure;
        }),
      ).resolves.toEqual({ status: "failed", error: failure });
      expect(op.context).toMatchObject({
        status: "failed",
        errorMessage: "broken",
        cancelReason: "shutdown",
      });
    },
  );
});

describeEverywhere("a cancellation that ends an inner operation (rule 4)", (everywhere) => {
  const endings: Readonly<Record<string, (inner: Cancellable) => unknown>> = {
    "that the body constructed": () => {
      throw new CancellationError("manual", "by hand");
    },
    "by cancel()": (inner) => {
      inner.cancel("manual", "asked for");
      inner.check();
    },
    "by a timeout": () => sleepForever(),
  };
  for (const [name, end] of Object.entries(endings)) {
    everywhere(
      `a cancellation ${name} is a failure of the outer operation, which is not cancelled`,
      async () => {
        const outer = new Cancellable();
        const inner = Cancellable.withTimeout(5);
        const outcome = await outer.settle(() => inner.run(end));
        expect(inner.status).toBe("cancelled");
        expect(outcome).toEqual({ status: "failed", error: inner.error });
        expect([outer.status, outer.isCancelled, outer.context.cancelRequested]).toEqual([
          "failed",
          false,
          false,
        ]);
      },
    );
  }
});
