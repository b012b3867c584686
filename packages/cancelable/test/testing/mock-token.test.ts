import { expect } from "vitest";
import { Cancellable, CancellationToken, sleep, sleepForever } from "../../src/index.ts";
import { MockCancellationToken, VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("MockCancellationToken", (everywhere) => {
  everywhere(
    "every cancel() is recorded with time, reason and message, repeated calls included (PAR-TST-01)",
    async (t) => {
      const token = new MockCancellationToken();
      expect(token).toBeInstanceOf(CancellationToken);
      expect(token.calls).toEqual([]);
      await sleep(5);
      expect(token.cancel("shutdown", "deploying")).toBe(true);
      await sleep(5);
      expect(token.cancel()).toBe(false);
      expect(token.calls).toEqual([
        { time: expect.any(Number), reason: "shutdown", message: "deploying", effective: true },
        { time: expect.any(Number), reason: "manual", message: undefined, effective: false },
      ]);
      expect(token).toMatchObject({ reason: "shutdown", message: "deploying" });
      if (t.backend instanceof VirtualBackend) expect(token.calls.map((call) => call.time)).toEqual([5, 10]);
    },
  );

  everywhere(
    "a cancellation that is scheduled for an infinite time never comes and can be taken back",
    async () => {
      const token = new MockCancellationToken();
      token.scheduleCancel(null)[Symbol.dispose]();
      await sleep(1);
      expect(token.calls).toEqual([]);
    },
  );

  everywhere("a call is recorded before any callback is called", async () => {
    const token = new MockCancellationToken();
    const seen: number[] = [];
    token.onCancel(() => {
      seen.push(token.calls.length);
      token.cancel("error", "from the callback");
    });
    token.cancel();
    expect(seen).toEqual([1]);
    expect(token.calls.map((call) => [call.reason, call.effective])).toEqual([
      ["manual", true],
      ["error", false],
    ]);
  });

  everywhere("a call with wrong arguments throws and is not recorded", () => {
    const token = new MockCancellationToken();
    expect(() => token.cancel("Bored" as never)).toThrow(TypeError);
    expect(() => token.cancel("manual", 5 as never)).toThrow(TypeError);
    expect(() => token.scheduleCancel("soon" as never)).toThrow(TypeError);
    expect(() => token.scheduleCancel(Number.NaN)).toThrow(RangeError);
    expect(() => token.scheduleCancel(5, "Bored" as never)).toThrow(TypeError);
    expect([token.calls, token.isCancelled]).toEqual([[], false]);
  });

  everywhere(
    "a scheduled cancellation comes after its span of 0.1 s and not before (PAR-TST-02)",
    async (t) => {
      const token = new MockCancellationToken();
      token.scheduleCancel({ seconds: 0.1 }, "disconnect", "client gone");
      expect(token.isCancelled).toBe(false);
      const outcome = await Cancellable.withToken(token).settle(() => sleepForever());
      expect(outcome).toMatchObject({
        status: "cancelled",
        error: { reason: "disconnect", message: "client gone" },
      });
      t.expectElapsed(100);
      expect(token.calls).toHaveLength(1);
    },
  );

  everywhere("a span of 0 cancels soon, but never before the call returns", async () => {
    for (const span of [0, -5]) {
      const token = new MockCancellationToken();
      token.scheduleCancel(span);
      expect(token.isCancelled).toBe(false);
      await token.waitForCancel();
      expect(token.reason).toBe("manual");
    }
  });

  everywhere("a scheduled cancellation that is taken back never comes and leaves no timer", async (t) => {
    const token = new MockCancellationToken();
    const before = t.backend instanceof VirtualBackend ? t.backend.timerCount : 0;
    const scheduled = token.scheduleCancel(5);
    scheduled[Symbol.dispose]();
    scheduled[Symbol.dispose]();
    token.scheduleCancel(null);
    if (t.backend instanceof VirtualBackend) expect(t.backend.timerCount).toBe(before);
    await sleep(10);
    expect([token.isCancelled, token.calls]).toEqual([false, []]);
  });
});
