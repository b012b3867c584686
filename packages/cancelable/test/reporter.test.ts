import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Cancellable, CancellationToken, setReporter } from "../src/index.ts";
import { rejection } from "./backends.ts";

describe("the reporter (rule 10)", () => {
  beforeEach(() => {
    vi.spyOn(console, "error").mockImplementation(() => {});
  });
  afterEach(() => {
    setReporter(null);
    vi.restoreAllMocks();
  });

  /** Reports an error that has no caller: a token's callback throws it. */
  function throwInCallback(error: unknown): void {
    const token = new CancellationToken();
    token.onCancel(() => {
      throw error;
    });
    token.cancel();
  }

  test("the default reporter writes each distinct error to the console once", () => {
    const [first, second] = [new Error("first"), new Error("second")];
    for (const error of [first, first, second, first]) throwInCallback(error);
    expect(vi.mocked(console.error).mock.calls.map((call) => call[1])).toEqual([first, second]);
    expect(vi.mocked(console.error).mock.calls[0]?.[0]).toContain("@hother/cancelable");
  });

  test("the default reporter writes primitive values each time, because they have no identity", () => {
    for (let i = 0; i < 2; i++) throwInCallback("text");
    expect(console.error).toHaveBeenCalledTimes(2);
  });

  test("a custom reporter receives every error with the place where it happened", async () => {
    const told: Array<[unknown, string]> = [];
    setReporter((error, source) => void told.push([error, source]));
    const error = new Error("again");
    throwInCallback(error);
    throwInCallback(error);
    await new Cancellable()
      .onComplete(() => {
        throw error;
      })
      .run(() => {});
    expect(told.map(([what]) => what)).toEqual([error, error, error]);
    expect(told[2]?.[1]).toContain("onComplete");
    expect(console.error).not.toHaveBeenCalled();
  });

  test("setReporter returns the previous reporter, and null restores the default", () => {
    const mine = vi.fn();
    const byDefault = setReporter(mine);
    expect(setReporter(byDefault)).toBe(mine);
    throwInCallback(new Error("default again"));
    expect(console.error).toHaveBeenCalledTimes(1);
    setReporter(mine);
    expect(setReporter(null)).toBe(mine);
    throwInCallback(new Error("and again"));
    expect(console.error).toHaveBeenCalledTimes(2);
    expect(mine).not.toHaveBeenCalled();
    expect(() => setReporter("loud" as never)).toThrow(TypeError);
  });

  test("a reporter that throws never reaches the caller: both errors go to the console", () => {
    const [own, error] = [new Error("reporter"), new Error("reported")];
    setReporter(() => {
      throw own;
    });
    throwInCallback(error);
    expect(vi.mocked(console.error).mock.calls.map((call) => call[1])).toEqual([own, error]);
  });

  test("a console that throws never reaches the caller", async () => {
    vi.mocked(console.error).mockImplementation(() => {
      throw new Error("no console");
    });
    throwInCallback(new Error("nobody to tell"));
    const op = new Cancellable().onError(() => Promise.reject(new Error("nor of this")));
    expect(await rejection(op.run(() => Promise.reject(new Error("mine"))))).toMatchObject({
      message: "mine",
    });
  });
});
