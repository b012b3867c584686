import { expect, vi } from "vitest";
import {
  CancellationToken,
  failAfter,
  shield,
  sleep,
  sleepForever,
  TimeoutCancellation,
  withTimeout,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("withTimeout with a value or an error (VERB-33)", (everywhere) => {
  everywhere("the expiry resolves with the value, also with undefined", async (t) => {
    expect(await withTimeout(5, () => sleepForever(), { value: "late" })).toBe("late");
    expect(await withTimeout(5, new Promise(() => {}), { value: undefined })).toBeUndefined();
    t.expectElapsed(10);
  });

  everywhere("the expiry rejects with the error, or with the error that the function makes", async () => {
    const error = new Error("too slow");
    expect(await rejection(withTimeout(5, () => sleepForever(), { error }))).toBe(error);
    const create = vi.fn(() => error);
    expect(await rejection(withTimeout(5, () => sleepForever(), { error: create }))).toBe(error);
    expect(await withTimeout(5, () => "in time", { error: create })).toBe("in time");
    expect(create).toHaveBeenCalledTimes(1);
    const broken = (): never => {
      throw error;
    };
    expect(await rejection(withTimeout(0, () => sleepForever(), { error: broken }))).toBe(error);
    expect(await rejection(withTimeout(0, () => sleepForever(), { error: undefined }))).toBeInstanceOf(
      TimeoutCancellation,
    );
  });

  everywhere("a deadline in the options is an expiry of this call too", async () => {
    const deadline = Date.now() - 1;
    expect(await withTimeout(60_000, () => sleepForever(), { value: "late", deadline })).toBe("late");
  });

  everywhere("an earlier limit outside passes through as itself", async () => {
    const outer = await rejection(
      failAfter(5, () => withTimeout(50, () => sleepForever(), { value: "late" })),
    );
    expect(outer).toMatchObject({ reason: "timeout", timeoutMs: 5 });
  });

  everywhere("cancel() and a token are no expiry", async () => {
    const token = new CancellationToken();
    token.cancel("timeout", "the token's own");
    for (const error of [
      await rejection(withTimeout(50, () => sleepForever(), { value: "late", token })),
      await rejection(withTimeout(50, () => sleepForever(), { error: new Error("late"), token })),
    ])
      expect(error).toMatchObject({ reason: "timeout", cause: token.error });
    const stopped = withTimeout(
      50,
      (scope) => {
        scope.cancel("manual", "enough");
        return sleepForever();
      },
      { value: "late" },
    );
    expect(await rejection(stopped)).toMatchObject({ reason: "manual", message: "enough" });
  });

  everywhere("the value of the work and its failure win over the options", async () => {
    const failure = new Error("clean-up");
    const stubborn = withTimeout(5, () => sleepForever().catch(() => "done"), { value: "late" });
    expect(await stubborn).toBe("done");
    const failing = withTimeout(
      5,
      async () => {
        try {
          await sleepForever();
        } finally {
          await shield(() => sleep(1));
          throw failure;
        }
      },
      { value: "late" },
    );
    expect(await rejection(failing)).toBe(failure);
  });

  everywhere("value and error together are refused before anything starts", async () => {
    const work = vi.fn();
    const both = { value: undefined, error: new Error("late") };
    expect(await rejection(withTimeout(5, work, both))).toMatchObject({
      name: "TypeError",
      message: expect.stringMatching(/^options must be an object with value or error, not both; got /),
    });
    expect(work).not.toHaveBeenCalled();
  });
});
