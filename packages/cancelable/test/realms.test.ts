import { runInNewContext } from "node:vm";
import { expect } from "vitest";
import {
  all,
  Cancellable,
  CancellationToken,
  isCancellation,
  moveOnAfter,
  OperationRegistry,
  sleep,
  sleepUntil,
  waitFor,
} from "../src/index.ts";
import { OperationRecorder } from "../src/testing/index.ts";
import { describeEverywhere, rejection } from "./backends.ts";
import { wrong } from "./refusals.ts";

/** The value of `expression` in a realm of its own. */
function inOtherRealm<T>(expression: string, globals: object = {}): T {
  return runInNewContext(expression, { ...globals }) as T;
}

describeEverywhere("an object of another realm (O7)", (everywhere) => {
  everywhere("a Date is a moment", async () => {
    const past = inOtherRealm<Date>("new Date(0)");
    expect(past).not.toBeInstanceOf(Date);
    expect(await moveOnAfter(10_000, () => sleepUntil(past))).toBeUndefined();
    const outcome = await new Cancellable({ deadline: past }).settle(() => sleep(10_000));
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
    expect(() => new Cancellable({ deadline: inOtherRealm("new Date(NaN)") })).toThrow(
      /options\.deadline must be a valid Date or epoch milliseconds; got an invalid Date/,
    );
    expect(() => new Cancellable({ deadline: wrong({ getTime: () => 5 }) })).toThrow(TypeError);
  });

  everywhere("an object is a time span, and its unknown units are refused", async () => {
    await sleep(inOtherRealm("({ milliseconds: 1 })"));
    expect(() => Cancellable.withTimeout(inOtherRealm("({ seconds: 1, minuts: 3 })"))).toThrow(/minutes/);
  });

  everywhere(
    "an error gives its message, and a promise that is refused has no unhandled rejection",
    async () => {
      const op = new Cancellable();
      await op.settle(() => {
        throw inOtherRealm("new TypeError('disk full')");
      });
      expect(op.context.errorMessage).toBe("disk full");
      const recorder = new OperationRecorder();
      const recorded = new Cancellable();
      recorder.attach(recorded);
      await recorded.settle(() => {
        throw inOtherRealm("new TypeError('disk full')");
      });
      expect(recorder.events({ type: "error" }).at(-1)?.data).toMatchObject({
        type: "TypeError",
        message: "disk full",
      });
      expect(await rejection(new Cancellable().run(wrong(inOtherRealm("Promise.reject(1)"))))).toBeInstanceOf(
        TypeError,
      );
      class Tagged extends Error {
        get [Symbol.toStringTag](): string {
          return "Tagged";
        }
      }
      const tagged = new Cancellable();
      await tagged.settle(() => {
        throw new Tagged("odd");
      });
      expect(tagged.context.errorMessage).toBe("odd");
    },
  );

  everywhere("a promise is awaited, and an AggregateError is looked into", async () => {
    expect(await waitFor(inOtherRealm<Promise<number>>("Promise.resolve(1)"))).toBe(1);
    expect(await all([inOtherRealm<Promise<number>>("Promise.resolve(1)"), () => 2])).toEqual([1, 2]);
    const token = new CancellationToken();
    token.cancel();
    const error = inOtherRealm("new AggregateError([cause])", { cause: token.error });
    expect(error).not.toBeInstanceOf(AggregateError);
    expect(isCancellation(error, token)).toBe(true);
  });

  everywhere("an AbortSignal cancels, and a RegExp filters", async () => {
    const registry = new OperationRegistry();
    await new Cancellable({ name: "import", register: registry }).run(() => {
      expect(registry.list({ name: inOtherRealm("/^imp/") })).toHaveLength(1);
      expect(() => registry.list({ name: wrong({ source: "a" }) })).toThrow(TypeError);
    });
    // A structural signal, as a polyfill or a frame of a page has.
    const listeners: Array<() => void> = [];
    const signal = inOtherRealm<AbortSignal>(
      "({ aborted: false, reason: undefined, addEventListener(_, f) { add(f) }, removeEventListener() {} })",
      { add: (listener: () => void) => listeners.push(listener) },
    );
    const op = new Cancellable({ signal });
    const outcome = op.settle(() => sleep(10_000));
    Object.assign(signal, { aborted: true });
    for (const listener of listeners) listener();
    expect(await outcome).toMatchObject({ status: "cancelled" });
  });
});
