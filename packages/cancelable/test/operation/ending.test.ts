import { expect, vi } from "vitest";
import { Cancellable, CancellationError, CancellationToken, sleepForever } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere(
  "rule 1: a cancelled operation never starts its body; a scope and a child do",
  (everywhere) => {
    everywhere("run rejects and settle reports, and the body is not called", async () => {
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

    everywhere("an operation whose token was cancelled before never starts (PAR-CAN-32)", async () => {
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

    everywhere("a timeout of 0 has expired already", async () => {
      const body = vi.fn();
      await expect(Cancellable.withTimeout(0).settle(body)).resolves.toMatchObject({ status: "cancelled" });
      expect(body).not.toHaveBeenCalled();
    });
  },
);

describeEverywhere("rule 3: what the body did wins over what was asked for", (everywhere) => {
  everywhere("a value: it has completed, and the context says that cancellation was asked for", async () => {
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
    expect([op.cancelCalled, op.cancelledCaught]).toEqual([true, false]);
  });

  everywhere("another error: it has failed, with that error, and the same fields", async () => {
    const op = new Cancellable();
    const failure = new TypeError("broken");
    await expect(
      op.settle(async () => {
        op.cancel("shutdown");
        throw failure;
      }),
    ).resolves.toEqual({ status: "failed", error: failure });
    expect(op.context).toMatchObject({ status: "failed", error: "broken", cancelReason: "shutdown" });
  });
});

describeEverywhere("a cancellation that ends an inner operation", (everywhere) => {
  const endings: Readonly<Record<string, (inner: Cancellable) => unknown>> = {
    "made by hand": () => {
      throw new CancellationError("manual", "by hand");
    },
    "asked for": (inner) => {
      inner.cancel("manual", "asked for");
      inner.check();
    },
    "of its deadline": () => sleepForever(),
  };
  for (const [name, end] of Object.entries(endings)) {
    everywhere(`${name}, is a failure of the outer one, which nobody has cancelled`, async () => {
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
    });
  }
});
