import { expect, test, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  currentOperation,
  ManualCancellation,
  sleep,
  TimeoutCancellation,
} from "../../src/index.ts";
import { deferred, describeEverywhere } from "../backends.ts";
import { runScript } from "../child.ts";

/** Returns the error that `call` throws. */
function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return expect.fail("it should have thrown");
}

describeEverywhere("a token is a one-way switch", (everywhere) => {
  everywhere("a new token has an id and nothing else (PAR-TOK-01)", () => {
    const token = new CancellationToken();
    expect(token.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(token.id).toBe(token.id);
    expect(token.isCancelled).toBe(false);
    expect([token.reason, token.message, token.cancelledAt, token.error]).toEqual(Array(4).fill(undefined));
  });

  everywhere("cancel() returns true and records reason, message and time (PAR-TOK-02, PAR-TOK-07)", () => {
    const token = new CancellationToken();
    const before = Date.now();
    expect(token.isCancelled).toBe(false);
    expect(token.cancel("shutdown", "deploying")).toBe(true);
    expect(token.isCancelled).toBe(true);
    expect([token.reason, token.message]).toEqual(["shutdown", "deploying"]);
    expect(token.error).toMatchObject({ reason: "shutdown", message: "deploying" });
    expect(token.cancelledAt).toBeInstanceOf(Date);
    expect(token.cancelledAt?.getTime()).toBeGreaterThanOrEqual(before);
    expect(token.cancelledAt?.getTime()).toBeLessThanOrEqual(Date.now());
  });

  everywhere(
    "cancel() without arguments has reason manual and no message; the error has a default text",
    () => {
      const token = new CancellationToken();
      token.cancel();
      expect([token.reason, token.message]).toEqual(["manual", undefined]);
      expect(token.error?.message).toBe("Operation cancelled manually");
    },
  );

  everywhere("a second cancel() returns false and changes nothing (PAR-TOK-03)", () => {
    const token = new CancellationToken();
    const callback = vi.fn();
    token.onCancel(callback);
    token.cancel("manual", "first");
    const { error, cancelledAt } = token;
    expect(token.cancel("timeout", "second")).toBe(false);
    expect([token.reason, token.message]).toEqual(["manual", "first"]);
    expect(token.error).toBe(error);
    expect(token.cancelledAt).toBe(cancelledAt);
    expect(callback).toHaveBeenCalledOnce();
  });

  everywhere(
    "check() passes while the token is live and throws the error at every call afterwards (PAR-TOK-05)",
    () => {
      const token = new CancellationToken();
      expect(token.check()).toBeUndefined();
      token.cancel();
      const error = thrown(() => token.check());
      expect(error).toBeInstanceOf(ManualCancellation);
      expect(error).toBe(token.error);
      expect(thrown(() => token.check())).toBe(error);
    },
  );

  everywhere("the error that check() throws has the given message (PAR-TOK-06)", () => {
    const token = new CancellationToken();
    token.cancel("manual", "stop now");
    expect(() => token.check()).toThrow("stop now");
  });

  everywhere("toString() shows the short id and whether the token is cancelled (PAR-TOK-11)", () => {
    const token = new CancellationToken();
    const short = token.id.slice(0, 8);
    expect(String(token)).toBe(`CancellationToken(${short}, active)`);
    token.cancel("shutdown");
    expect(String(token)).toBe(`CancellationToken(${short}, cancelled: shutdown)`);
  });

  everywhere("two tokens are different keys in a Set and in a Map (PAR-TOK-12)", () => {
    const [one, other] = [new CancellationToken(), new CancellationToken()];
    expect(one.id).not.toBe(other.id);
    expect(new Set([one, other, one]).size).toBe(2);
    expect(new Map([[one, "one"]]).get(one)).toBe("one");
    one.cancel();
    expect(other.isCancelled).toBe(false);
  });
});

describeEverywhere("onCancel", (everywhere) => {
  everywhere("the callback is called inside cancel() with the token itself (PAR-TOK-08)", () => {
    const token = new CancellationToken();
    const seen: unknown[] = [];
    token.onCancel((given) => seen.push(given, given.isCancelled));
    expect(seen).toEqual([]);
    token.cancel();
    expect(seen).toEqual([token, true]);
    expect(seen[0]).toBe(token);
  });

  everywhere("the callback of a cancelled token is called at once (PAR-TOK-09)", () => {
    const token = new CancellationToken();
    token.cancel();
    const callback = vi.fn();
    const subscription = token.onCancel(callback);
    expect(callback).toHaveBeenCalledExactlyOnceWith(token);
    subscription[Symbol.dispose]();
    expect(callback).toHaveBeenCalledOnce();
  });

  everywhere("callbacks are called in the order of registration, without disposed callbacks", () => {
    const token = new CancellationToken();
    const calls: number[] = [];
    const subscriptions = [0, 1, 2, 3].map((n) => token.onCancel(() => calls.push(n)));
    subscriptions[1]?.[Symbol.dispose]();
    subscriptions[1]?.[Symbol.dispose]();
    token.cancel();
    subscriptions[2]?.[Symbol.dispose]();
    expect(calls).toEqual([0, 2, 3]);
  });

  everywhere(
    "a callback that throws is reported and stops neither other callbacks nor the canceller",
    (t) => {
      const token = new CancellationToken();
      const [early, late] = [new Error("early"), new Error("late")];
      const callback = vi.fn();
      token.onCancel(() => {
        throw early;
      });
      token.onCancel(callback);
      expect(token.cancel()).toBe(true);
      expect(callback).toHaveBeenCalledOnce();
      token.onCancel(() => {
        throw late;
      });
      expect(t.reported.splice(0)).toEqual([early, late]);
    },
  );

  everywhere(
    "a callback that is added inside a callback is called once, and a cancel() inside a callback returns false",
    () => {
      const token = new CancellationToken();
      const inner = vi.fn();
      const answers: boolean[] = [];
      token.onCancel(() => {
        answers.push(token.cancel("timeout"));
        token.onCancel(inner);
      });
      answers.push(token.cancel("manual"));
      expect(answers).toEqual([false, true]);
      expect(inner).toHaveBeenCalledOnce();
      expect(token.reason).toBe("manual");
    },
  );

  everywhere("the callback runs in the async context of its registration, not of the canceller", async () => {
    const token = new CancellationToken();
    const seen: unknown[] = [];
    const listener = new Cancellable({ name: "listener" });
    await listener.run(async () => {
      token.onCancel(() => seen.push(currentOperation()?.name));
      await new Cancellable({ name: "canceller" }).run(() => token.cancel());
    });
    expect(seen).toEqual(["listener"]);
  });
});

describeEverywhere("waitForCancel", (everywhere) => {
  everywhere("the promise resolves when the token is cancelled, not before (PAR-TOK-04)", async (t) => {
    const token = new CancellationToken();
    const cancelling = sleep(100).then(() => token.cancel());
    await Promise.all([token.waitForCancel(), token.waitForCancel()]);
    t.expectElapsed(100);
    await expect(cancelling).resolves.toBe(true);
  });

  everywhere("the promise of a cancelled token resolves", async () => {
    const token = new CancellationToken();
    token.cancel();
    await expect(token.waitForCancel()).resolves.toBeUndefined();
  });

  everywhere("the wait is no checkpoint: it goes on in a cancelled operation", async () => {
    const token = new CancellationToken();
    const log: string[] = [];
    await new Cancellable().run(async (op) => {
      op.cancel();
      const waiting = token.waitForCancel().then(() => log.push("resolved"));
      await new Promise(setImmediate);
      log.push("cancel");
      token.cancel();
      await waiting;
    });
    expect(log).toEqual(["cancel", "resolved"]);
  });
});

describeEverywhere("a token's signal", (everywhere) => {
  everywhere("the signal is created at its first use, and only once", () => {
    const made = vi.fn();
    class Counted extends AbortController {
      constructor() {
        super();
        made();
      }
    }
    vi.stubGlobal("AbortController", Counted);
    try {
      const token = new CancellationToken();
      token.onCancel(() => {});
      token.cancel();
      expect(made).not.toHaveBeenCalled();
      expect(token.signal).toBeInstanceOf(AbortSignal);
      expect(token.signal).toBe(token.signal);
      expect(made).toHaveBeenCalledOnce();
    } finally {
      vi.unstubAllGlobals();
    }
  });

  everywhere("the signal is aborted inside cancel() with the token's error", () => {
    const token = new CancellationToken();
    const { signal } = token;
    const reasons: unknown[] = [];
    signal.addEventListener("abort", () => reasons.push(signal.reason));
    expect(signal.aborted).toBe(false);
    token.cancel();
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toBe(token.error);
    expect(thrown(() => signal.throwIfAborted())).toBe(token.error);
  });

  everywhere("the signal of a cancelled token is aborted from the beginning", () => {
    const token = new CancellationToken();
    token.cancel("timeout", "too slow");
    expect(token.signal.aborted).toBe(true);
    expect(token.signal.reason).toBe(token.error);
    expect(token.signal.reason).toBeInstanceOf(TimeoutCancellation);
  });

  everywhere("the cancellation of an operation by a token has the token's error as its cause", async () => {
    const token = new CancellationToken();
    const gate = deferred();
    const running = new Cancellable({ token }).settle((op) => {
      gate.resolve();
      return op.sleep(60_000);
    });
    await gate.promise;
    token.cancel("disconnect", "gone");
    const outcome = await running;
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "disconnect", message: "gone" } });
    expect(outcome.status === "cancelled" && outcome.error.cause).toBe(token.error);
    expect(thrown(() => token.check())).toBe(token.error);
  });
});

test("an abort listener that throws stops no other waiter and does not reach the canceller (CONF-T04)", async () => {
  const { code, output } = await runScript(`
    import { CancellationToken } from "@hother/cancelable";
    process.on("uncaughtException", (error) => console.log("uncaught:", error.message));
    const token = new CancellationToken();
    token.signal.addEventListener("abort", () => {
      throw new Error("listener");
    });
    token.signal.addEventListener("abort", () => console.log("second listener"));
    token.onCancel(() => console.log("callback"));
    token.waitForCancel().then(() => console.log("waiter"));
    console.log("cancel:", token.cancel());
  `);
  expect(code).toBe(0);
  expect(output.trim().split("\n").sort()).toEqual(
    ["second listener", "callback", "cancel: true", "waiter", "uncaught: listener"].sort(),
  );
});
