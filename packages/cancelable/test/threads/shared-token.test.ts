import { expect, test, vi } from "vitest";
import { CancellationToken, isCancellation, LinkedCancellationToken } from "../../src/index.ts";
import { SharedCancellationToken } from "../../src/threads/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { expectUsageError, thrown } from "../refusals.ts";

const elsewhere = (token: SharedCancellationToken): SharedCancellationToken =>
  SharedCancellationToken.attach(structuredClone(token.handle));

describeEverywhere("a shared token", (everywhere) => {
  everywhere("is a token, and is live at first", () => {
    using token = new SharedCancellationToken();
    expect(token).toBeInstanceOf(CancellationToken);
    expect([token.isCancelled, token.reason, token.message, token.error, token.cancelledAt]).toEqual([
      false,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(token.signal.aborted).toBe(false);
    token.check();
    expect(String(token)).toBe(`SharedCancellationToken(${token.id.slice(0, 8)}, active)`);
  });

  everywhere(
    "cancel is synchronous for everything in the thread, and takes effect once (THR-05)",
    async () => {
      using token = new SharedCancellationToken();
      using other = elsewhere(token);
      const called: string[] = [];
      token.onCancel((it) => called.push(`own: ${it.message}`));
      other.onCancel((it) => called.push(`other: ${it.message}`));
      const { signal } = other;
      const waiting = other.waitForCancel();
      expect(token.cancel("shutdown", "deploying")).toBe(true);
      expect(called).toEqual(["own: deploying", "other: deploying"]);
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toBe(token.error);
      await waiting;
      expect(token.cancel("quota", "again")).toBe(false);
      expect(other.cancel("quota", "again")).toBe(false);
      for (const one of [token, other]) {
        expect([one.isCancelled, one.reason, one.message]).toEqual([true, "shutdown", "deploying"]);
        expect(
          isCancellation(
            thrown(() => one.check()),
            token,
          ),
        ).toBe(true);
        expect(one.cancelledAt).toEqual(token.cancelledAt);
      }
      expect(String(token)).toContain("cancelled: shutdown");
    },
  );

  everywhere("the default reason is manual, without a message, and a cause stays in the thread", () => {
    using token = new SharedCancellationToken();
    const cause = new Error("why");
    expect(token.cancel(undefined, undefined, { cause })).toBe(true);
    expect([token.reason, token.message]).toEqual(["manual", undefined]);
    expect(token.error?.cause).toBe(cause);
    using empty = new SharedCancellationToken();
    empty.cancel("manual", "");
    expect(empty.message).toBe("");
  });

  everywhere("a message is cut at the end of a character (THR-02)", () => {
    const { maxMessageBytes } = SharedCancellationToken;
    for (let before = 0; before < 4; before++) {
      using token = new SharedCancellationToken();
      const start = "x".repeat(before);
      token.cancel("manual", start + "😀".repeat(200));
      expect(token.message).toBe(start + "😀".repeat(Math.floor((maxMessageBytes - before) / 4)));
      expect(token.error?.message).toBe(token.message);
    }
    using lone = new SharedCancellationToken();
    lone.cancel("manual", "\ufeffa\ud800b");
    expect(lone.message).toBe("\ufeffa\ufffdb");
  });

  everywhere("wrong arguments of cancel are refused, and cancel nothing", () => {
    using token = new SharedCancellationToken();
    const longest = "a".repeat(SharedCancellationToken.maxReasonLength);
    expect(thrown(() => token.cancel(`${longest}a`))).toMatchObject({
      name: "RangeError",
      message: expect.stringMatching(/^reason must be a word of at most 64 characters; got "a+"$/),
    });
    expect(thrown(() => token.cancel("Not A Word"))).toBeInstanceOf(TypeError);
    expect(token.isCancelled).toBe(false);
    expect(token.cancel(longest)).toBe(true);
    expect(token.reason).toBe(longest);
  });

  everywhere("a callback that throws stops no other (PAR-THC-05)", (t) => {
    using token = new SharedCancellationToken();
    const error = new Error("broken");
    token.onCancel(() => {
      throw error;
    });
    const callback = vi.fn();
    token.onCancel(callback);
    elsewhere(token).cancel();
    expect(callback).toHaveBeenCalledOnce();
    expect(t.reported.splice(0)).toEqual([error]);
  });

  everywhere("in the thread that created the token, close acts as for every token", async () => {
    const token = new SharedCancellationToken();
    const { handle } = token;
    using other = SharedCancellationToken.attach(handle);
    const callback = vi.fn();
    other.onCancel(callback);
    const waiting = rejection(token.waitForCancel());
    const source = new CancellationToken();
    token.link(source);
    token.close();
    token[Symbol.dispose]();
    expectUsageError(await waiting, "ERR_CLOSED", /closed/);
    for (const one of [token, other]) {
      expect([one.isClosed, one.isCancelled, one.cancel("quota"), one.signal.aborted]).toEqual([
        true,
        false,
        false,
        false,
      ]);
      one.check();
      one.onCancel(callback);
    }
    source.cancel();
    expect(callback).not.toHaveBeenCalled();
    expect(String(token)).toContain("closed");
    // An attach after the close sees the same as other threads.
    expect(SharedCancellationToken.attach(handle).reason).toBe("ended");
  });

  everywhere(
    "the end of a cancelled token changes nothing for a token that has seen the cancellation",
    () => {
      const token = new SharedCancellationToken();
      token.cancel("quota", "too much");
      token[Symbol.dispose]();
      expect([token.reason, token.message]).toEqual(["quota", "too much"]);
    },
  );

  everywhere("a token that is closed does not close the others of its thread", () => {
    using token = new SharedCancellationToken();
    const [one, two] = [elsewhere(token), elsewhere(token)];
    const called: string[] = [];
    one.onCancel(() => called.push("one"));
    one.close();
    one.close();
    token.onCancel(() => called.push("own"));
    two[Symbol.dispose]();
    token.cancel();
    expect(called).toEqual(["one", "own"]);
  });

  everywhere("from() follows an AbortSignal", () => {
    const controller = new AbortController();
    using token = SharedCancellationToken.from(controller.signal);
    const cause = new Error("gone");
    controller.abort(cause);
    expect([token.reason, token.message, token.error?.cause]).toEqual(["manual", "gone", cause]);
    using late = SharedCancellationToken.from(AbortSignal.abort());
    expect(late.isCancelled).toBe(true);
  });

  everywhere("follows other tokens and operations, and they follow the shared token", () => {
    const source = new CancellationToken();
    using token = new SharedCancellationToken();
    const target = new LinkedCancellationToken();
    target.link(elsewhere(token), { preserveReason: true });
    token.link(source, { preserveReason: true });
    const message = "é".repeat(400);
    source.cancel("quota", message);
    expect([token.reason, token.message]).toEqual(["quota", "é".repeat(256)]);
    expect(isCancellation(token.error, source)).toBe(true);
    expect([target.reason, target.message]).toEqual([token.reason, token.message]);
  });

  everywhere(
    "a followed token with a reason that is too long for other threads gives the reason parent",
    () => {
      const source = new CancellationToken();
      using token = new SharedCancellationToken();
      token.link(source, { preserveReason: true });
      source.cancel("a".repeat(65), "why");
      expect([token.reason, token.message]).toEqual(["parent", "why"]);
      expect(isCancellation(token.error, source)).toBe(true);
    },
  );
});

test("a handle that is read twice is one object", () => {
  using token = new SharedCancellationToken();
  expect(token.handle).toBe(token.handle);
});
