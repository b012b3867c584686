import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as here from "../src/index.ts";
import { rejection } from "./backends.ts";

const slot = Symbol.for("@hother/cancelable.copies/1");
const copies = (globalThis as { [slot]?: Array<{ version: string }> })[slot] ?? [];

/** Loads the package once more, as a program does that installs two versions. */
async function loadAgain(): Promise<typeof here> {
  vi.resetModules();
  const other = await import("../src/index.ts");
  (copies.at(-1) as { version: string }).version = "9.9.9";
  return other;
}

afterEach(() => {
  copies.splice(1);
  vi.restoreAllMocks();
});

test("a copy knows its version, and lists itself once", async () => {
  const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  expect(copies.map(({ version }) => version)).toEqual([manifest.version]);
});

describe("two copies of the package", () => {
  test("a limit of one reaches the waits of the other, which says once that there are two", async () => {
    const other = await loadAgain();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await here.moveOnAfter(5, () => other.sleepForever())).toBeUndefined();
    const error = await rejection(
      here.failAfter(5, () => other.taskGroup((group) => void group.startSoon(() => other.sleepForever()))),
    );
    expect(error).toMatchObject({ name: "TimeoutError", reason: "timeout" });
    expect(error).toBeInstanceOf(here.TimeoutCancellation);
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/two copies.*0\.\d+\.\d+ and 9\.9\.9|9\.9\.9 and/)],
    ]);
  });

  test("the reason and the message of a cancellation arrive, and the scope of the one absorbs the other's error (rule 54)", async () => {
    const other = await loadAgain();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const scope = new here.CancelScope();
    let seen: unknown;
    const ended = scope.run(async () => {
      seen = await rejection(other.sleepForever());
      throw seen;
    });
    scope.cancel("shutdown", "deploying");
    expect(await ended).toBeUndefined();
    expect(scope.cancelledCaught).toBe(true);
    expect(seen).toMatchObject({ reason: "shutdown", message: "deploying", cause: scope.error });
    expect(here.isCancellation(seen)).toBe(true);
    expect(other.currentScope().isCancelled).toBe(false);
  });

  test("an operation of one in a scope of the other ends with it, and run variables are the same outside", async () => {
    const other = await loadAgain();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const variable = new other.RunVariable<number>("answer");
    variable.set(42);
    const outcome = await here.Cancellable.withTimeout(5).settle(() => {
      expect(variable.get()).toBe(42);
      return new other.Cancellable().run(() => other.sleepForever());
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
  });

  test("no copy warns while their scopes do not meet", async () => {
    const other = await loadAgain();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await Promise.all([here.moveOnAfter(1, () => here.sleep(5)), other.moveOnAfter(1, () => other.sleep(5))]);
    await other.sleep(0);
    expect(warn).not.toHaveBeenCalled();
  });

  test("an error about an object of another copy says so, with both versions", async () => {
    const other = await loadAgain();
    const ofAnother = (name: string): RegExp =>
      new RegExp(
        `got an instance of ${name} of another copy of @hother/cancelable \\(9\\.9\\.9; this one is 0\\.`,
      );
    const wrong = (value: unknown): never => value as never;
    const op = new other.Cancellable();
    for (const [name, call] of [
      ["CancellationToken", () => new here.Cancellable({ token: wrong(new other.CancellationToken()) })],
      ["Cancellable", () => new here.Cancellable({ parent: wrong(op) })],
      ["CancelScope", () => new here.Cancellable({ parent: wrong(new other.CancelScope()) })],
      ["Cancellable", () => here.Cancellable.anyOf(wrong(op))],
      ["TimeoutSource", () => here.Cancellable.anyOf(wrong(new other.TimeoutSource(5)))],
      ["TimeoutSource", () => new here.AnyOfSource(wrong([new other.TimeoutSource(5)]))],
      ["Lock", () => new here.Condition(wrong(new other.Lock()))],
      ["Queue", () => new here.QueueSender(wrong(new other.Queue()))],
    ] as const)
      expect(call, name).toThrow(ofAnother(name));
    await expect(here.run(() => {}, { backend: wrong(other.getBackend("native")) })).rejects.toThrow(
      ofAnother("NativeBackend"),
    );
    expect(() => new here.Cancellable({ token: wrong(new Map()) })).toThrow(/got an instance of Map$/);
  });
});
