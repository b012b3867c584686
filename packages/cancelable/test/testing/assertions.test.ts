import { expect } from "vitest";
import { Cancellable, CancellationError, shield, sleep, sleepForever } from "../../src/index.ts";
import { AssertionError, assertCancellationWithin, runWithTimeoutTest } from "../../src/testing/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";

const cancelledAfter = (ms: number) => () => Cancellable.withTimeout(ms).run(() => sleepForever());

describeEverywhere("assertCancellationWithin", (everywhere) => {
  everywhere("a cancellation inside the window resolves (PAR-TST-07)", async () => {
    const error = await assertCancellationWithin(20, 5_000, cancelledAfter(20));
    expect(error).toBeInstanceOf(CancellationError);
    expect(error.reason).toBe("timeout");
  });

  everywhere("a promise is accepted, and an error that a cancellation caused counts", async () => {
    const op = new Cancellable();
    const failing = op.run(async () => {
      op.cancel("shutdown", "now");
      await sleep(1);
    });
    const wrapped = failing.catch((cause: unknown) => {
      throw new Error("request failed", { cause });
    });
    expect(await assertCancellationWithin(0, { seconds: 5 }, wrapped)).toBe(op.error);
  });

  everywhere("another failure is shown with the thrown value, whatever its type", async () => {
    for (const [thrown, shown] of [
      [new RangeError("no"), "RangeError: no"],
      ["text", '"text"'],
    ] as const) {
      const error = await rejection(assertCancellationWithin(0, 1_000, () => Promise.reject(thrown)));
      expect(error).toBeInstanceOf(AssertionError);
      expect(error).toMatchObject({ message: expect.stringMatching(`it failed: ${shown}$`), cause: thrown });
    }
  });

  everywhere("a cancellation before the window is too early (PAR-TST-07)", async () => {
    const error = await rejection(assertCancellationWithin(1_000, 5_000, cancelledAfter(5)));
    expect(error).toBeInstanceOf(AssertionError);
    expect(error).toMatchObject({
      message: expect.stringContaining("too early"),
      cause: { reason: "timeout" },
    });
  });

  everywhere(
    "a cancellation that does not come inside the window is too late, and the work is ended (PAR-TST-07)",
    async (t) => {
      const op = new Cancellable();
      let hasStarted = false;
      const work = (): Promise<never> => {
        hasStarted = true;
        return op.run(() => sleepForever());
      };
      const error = await rejection(assertCancellationWithin(0, 10, work));
      expect(error).toBeInstanceOf(AssertionError);
      expect(error).toMatchObject({
        message: "Cancelled too late: still running after 10 ms, expected within 0 ms to 10 ms",
      });
      // A machine that stands still can let the window pass before the work is called.
      if (hasStarted || t.backend.name === "virtual") expect(op.status).toBe("cancelled");
    },
  );

  everywhere("a cancellation just after the window is too late, also after blocking work", async (t) => {
    for (const work of [
      cancelledAfter(10.5),
      () => Cancellable.withTimeout(5).run((op) => (t.block(30), op.check())),
    ]) {
      const error = await rejection(assertCancellationWithin(0, 10, work));
      expect(error).toMatchObject({ message: expect.stringMatching(/^Cancelled too late/) });
    }
  });

  everywhere(
    "without a cancellation the message shows the actual end: Expected cancellation (PAR-TST-07)",
    async () => {
      const value = await rejection(assertCancellationWithin(0, 5_000, () => "done"));
      expect(value).toBeInstanceOf(AssertionError);
      expect(value).toMatchObject({
        message: expect.stringMatching(/^Expected cancellation .* it returned "done"$/),
      });
      const cause = new TypeError("wrong");
      const failure = await rejection(assertCancellationWithin(0, 5_000, Promise.reject(cause)));
      expect(failure).toBeInstanceOf(AssertionError);
      expect(failure).toMatchObject({
        message: expect.stringMatching(/^Expected cancellation .* it failed: TypeError: wrong$/),
        cause,
      });
    },
  );

  everywhere("the ends of the window belong to the window", async (t) => {
    if (t.backend.name !== "virtual") return;
    await assertCancellationWithin(10, 20, cancelledAfter(10));
    await assertCancellationWithin(10, 20, cancelledAfter(20));
    await assertCancellationWithin(10, 10, cancelledAfter(10));
    t.expectElapsed(40);
  });

  everywhere("invalid windows and invalid work are refused", async () => {
    for (const [min, max] of [
      [-1, 5],
      [5, 4],
      [Number.NaN, 5],
    ] as const) {
      expect(await rejection(assertCancellationWithin(min, max, cancelledAfter(1)))).toBeInstanceOf(
        RangeError,
      );
    }
    expect(await rejection(assertCancellationWithin(0, 5, "work" as never))).toBeInstanceOf(TypeError);
  });
});

describeEverywhere("runWithTimeoutTest", (everywhere) => {
  everywhere("a timeout within the tolerance passes (PAR-TST-06)", async () => {
    // A machine that stalls can use up the default of 0.1 s.
    const error = await runWithTimeoutTest(20, () => sleep({ hours: 1 }), { tolerance: 10_000 });
    expect(error).toMatchObject({ reason: "timeout", timeoutMs: 20 });
  });

  inVirtualTime("the tolerance is 0.1 s by default (PAR-TST-06)", async () => {
    const lateBy = (ms: number): Promise<Error> =>
      runWithTimeoutTest(20, () => shield(() => sleep(20 + ms)).then(() => sleep(1)));
    expect(await lateBy(100)).toMatchObject({ reason: "timeout", timeoutMs: 20 });
    expect(await rejection(lateBy(101))).toMatchObject({ name: "AssertionError" });
  });

  everywhere("a body that completes, fails, or is cancelled for another reason fails the test", async () => {
    expect(await rejection(runWithTimeoutTest(60_000, () => "done"))).toMatchObject({
      name: "AssertionError",
      message: expect.stringContaining("Expected cancellation"),
    });
    const cause = new Error("broken");
    const failing = runWithTimeoutTest(60_000, () => Promise.reject(cause));
    expect(await rejection(failing)).toMatchObject({ name: "AssertionError", cause });
    const manual = runWithTimeoutTest(
      60_000,
      async (op) => {
        op.cancel("manual", "by hand");
        await sleep(1);
      },
      { tolerance: 60_000 },
    );
    expect(await rejection(manual)).toMatchObject({
      name: "AssertionError",
      message: 'Expected a timeout after 60 s, but it was cancelled with reason "manual": by hand',
      actual: "manual",
      expected: "timeout",
    });
  });

  everywhere("a body that goes on after its timeout has the tolerance to end", async (t) => {
    const never = new Promise<void>(() => {});
    const error = await rejection(runWithTimeoutTest(10, () => never, { tolerance: 20 }));
    expect(error).toMatchObject({ name: "AssertionError", message: expect.stringContaining("too late") });
    t.expectElapsed(31);
  });

  everywhere("invalid spans and tolerances are refused", async () => {
    expect(await rejection(runWithTimeoutTest(null, () => {}))).toBeInstanceOf(RangeError);
    expect(await rejection(runWithTimeoutTest(5, "body" as never))).toBeInstanceOf(TypeError);
    for (const tolerance of [-1, null]) {
      expect(await rejection(runWithTimeoutTest(5, () => {}, { tolerance }))).toBeInstanceOf(RangeError);
    }
  });
});
