import { getEventListeners } from "node:events";
import { expect, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  isCancellation,
  ManualCancellation,
  sleepForever,
  TimeoutCancellation,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

/** A foreign signal that counts the listeners that are added and removed. */
function foreign(): {
  readonly controller: AbortController;
  readonly signal: AbortSignal;
  readonly counts: () => { readonly added: number; readonly removed: number; readonly left: number };
} {
  const controller = new AbortController();
  const { signal } = controller;
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");
  const counts = () => ({
    added: added.mock.calls.length,
    removed: removed.mock.calls.length,
    left: getEventListeners(signal, "abort").length,
  });
  return { controller, signal, counts };
}

const looking = (): never => {
  throw new Error("a getter of the error");
};

/** An object that throws at every access except the look-up of `then`, which promises do for every value. */
const untouchable = (): object =>
  new Proxy(
    {},
    {
      get: (_, key) => (key === "then" ? undefined : looking()),
      has: looking,
      getPrototypeOf: looking,
      ownKeys: looking,
    },
  );

describeEverywhere("CancellationToken.from(signal)", (everywhere) => {
  everywhere("the token is live while the signal is, and is cancelled inside the signal's abort", () => {
    const { controller, signal } = foreign();
    const token = CancellationToken.from(signal);
    expect(token).toBeInstanceOf(CancellationToken);
    expect(token.isCancelled).toBe(false);
    const reason = new Error("the user left");
    controller.abort(reason);
    expect([token.isCancelled, token.reason, token.message]).toEqual([true, "manual", "the user left"]);
    expect(token.error).toBeInstanceOf(ManualCancellation);
    expect(token.error?.cause).toBe(reason);
  });

  everywhere("the token of an aborted signal is cancelled from the beginning and adds no listener", () => {
    const { controller, signal, counts } = foreign();
    const reason = new Error("before");
    controller.abort(reason);
    const token = CancellationToken.from(signal);
    expect([token.isCancelled, token.message]).toEqual([true, "before"]);
    expect(token.error?.cause).toBe(reason);
    expect(counts()).toEqual({ added: 0, removed: 0, left: 0 });
    token[Symbol.dispose]();
    expect(token.isCancelled).toBe(true);
  });

  everywhere("the token of a signal that timed out has reason timeout", () => {
    const { controller, signal } = foreign();
    const token = CancellationToken.from(signal);
    const reason = new DOMException("The operation was aborted due to timeout", "TimeoutError");
    controller.abort(reason);
    expect([token.reason, token.message]).toEqual(["timeout", reason.message]);
    expect(token.error).toBeInstanceOf(TimeoutCancellation);
    expect(token.error?.cause).toBe(reason);
  });

  everywhere("the signal's reason may be anything; a reason without text gets a default message", () => {
    for (const reason of ["a string", 0, null, { name: 5, message: 7 }, new Error("")]) {
      const { controller, signal } = foreign();
      const token = CancellationToken.from(signal);
      controller.abort(reason);
      expect([token.reason, token.message]).toEqual(["manual", "AbortSignal was aborted"]);
      expect(token.error?.cause).toBe(reason);
    }
    const { controller, signal } = foreign();
    const token = CancellationToken.from(signal);
    controller.abort();
    expect(token.reason).toBe("manual");
    expect(token.error?.cause).toMatchObject({ name: "AbortError" });
  });

  everywhere("the token adds one listener, and disposing of the token removes the listener", () => {
    const { controller, signal, counts } = foreign();
    const token = CancellationToken.from(signal);
    expect(counts()).toEqual({ added: 1, removed: 0, left: 1 });
    token[Symbol.dispose]();
    expect(counts()).toEqual({ added: 1, removed: 1, left: 0 });
    token[Symbol.dispose]();
    expect(counts().left).toBe(0);
    controller.abort();
    expect(token.isCancelled).toBe(false);
  });

  everywhere("no listener is left after the abort", () => {
    const { controller, signal, counts } = foreign();
    const token = CancellationToken.from(signal);
    controller.abort();
    expect(counts()).toMatchObject({ added: 1, left: 0 });
    token[Symbol.dispose]();
    expect(counts().left).toBe(0);
    expect(token.isCancelled).toBe(true);
  });

  everywhere("one listener is enough for any number of waits on the token", () => {
    const { controller, signal, counts } = foreign();
    const token = CancellationToken.from(signal);
    const callback = vi.fn();
    for (let i = 0; i < 50; i++) token.onCancel(callback);
    void token.waitForCancel();
    expect(token.signal.aborted).toBe(false);
    expect(counts()).toEqual({ added: 1, removed: 0, left: 1 });
    controller.abort();
    expect(callback).toHaveBeenCalledTimes(50);
    expect(token.signal.aborted).toBe(true);
  });

  everywhere(
    "cancelling the token by hand does not abort the signal, and a later abort changes nothing",
    () => {
      const { controller, signal, counts } = foreign();
      const token = CancellationToken.from(signal);
      expect(token.cancel("shutdown", "mine")).toBe(true);
      expect(signal.aborted).toBe(false);
      controller.abort(new Error("late"));
      expect([token.reason, token.message]).toEqual(["shutdown", "mine"]);
      token[Symbol.dispose]();
      expect(counts().left).toBe(0);
    },
  );

  everywhere("a disposed token can still be cancelled by hand", () => {
    const { signal } = foreign();
    const token = CancellationToken.from(signal);
    token[Symbol.dispose]();
    expect(token.cancel()).toBe(true);
    expect(token.signal.aborted).toBe(true);
  });

  everywhere(
    "the token of another token's signal has its reason and message, and its error as the cause",
    () => {
      const first = new CancellationToken();
      const second = CancellationToken.from(first.signal);
      first.cancel("shutdown", "deploying");
      expect([second.reason, second.message]).toEqual(["shutdown", "deploying"]);
      expect(second.error?.cause).toBe(first.error);
      expect(isCancellation(second.error, first)).toBe(true);
      second[Symbol.dispose]();
    },
  );
});

describeEverywhere("an AbortSignal that is aborted with an unusual reason", (everywhere) => {
  const broken = (): object => Object.defineProperty({}, "message", { get: looking });
  const unnamed = (): object => Object.defineProperty({}, "name", { get: looking });
  const reasons: Readonly<Record<string, () => unknown>> = {
    "a message that throws": broken,
    "a name that throws": unnamed,
    "everything that throws": untouchable,
    "no prototype": () => Object.create(null),
    null: () => null,
    "a number": () => 0,
    "a symbol": () => Symbol("reason"),
  };
  for (const [name, make] of Object.entries(reasons)) {
    everywhere(`a reason that is ${name} becomes the cause of the cancellation`, async () => {
      const controller = new AbortController();
      const op = Cancellable.withAbortSignal(controller.signal);
      const outcome = op.settle(() => sleepForever());
      const token = CancellationToken.from(controller.signal);
      const reason = make();
      controller.abort(reason);
      expect(token.isCancelled).toBe(true);
      const { status, error } = (await outcome) as { status: string; error: Error };
      expect(status).toBe("cancelled");
      expect(error).toMatchObject({ reason: "manual", message: "AbortSignal was aborted" });
      expect(Object.is(error.cause, reason)).toBe(true);
      expect(Object.is(CancellationToken.from(controller.signal).error?.cause, reason)).toBe(true);
    });
  }
});
