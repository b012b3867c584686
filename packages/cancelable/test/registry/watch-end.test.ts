import { expect } from "vitest";
import { Cancellable, OperationRegistry } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";

/** Runs `count` operations, each of which causes the events `registered`, `started` and `ended`. */
async function runSome(register: OperationRegistry, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Cancellable({ name: `${i}`, register }).run(() => {});
}

describeEverywhere("the end of a watcher", (everywhere) => {
  everywhere("disposing of a watcher ends its subscription and its loop", async () => {
    const register = new OperationRegistry();
    let kept: AsyncIterableIterator<unknown>;
    {
      using events = register.watch();
      await runSome(register, 1);
      expect((await events.next()).value).toMatchObject({ type: "registered" });
      kept = events;
    }
    await runSome(register, 1);
    expect(await kept.next()).toEqual({ done: true, value: undefined });
    let waiting: Promise<unknown>;
    {
      await using events = register.watch();
      waiting = events.next();
    }
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  everywhere("return(value) hands the value on, and throw(error) rejects with the error", async () => {
    const register = new OperationRegistry();
    async function* around(): AsyncGenerator<unknown, unknown, undefined> {
      yield* register.watch();
      return 0;
    }
    const failure = new Error("mine");
    for (const leave of ["return", "throw"] as const) {
      const events = around();
      const first = events.next();
      await runSome(register, 1);
      await first;
      if (leave === "return") expect(await events.return(42)).toEqual({ done: true, value: 42 });
      else expect(await rejection(events.throw(failure))).toBe(failure);
    }
  });

  everywhere("a watcher that is not read keeps the newest events and counts the dropped ones", async () => {
    const register = new OperationRegistry();
    using events = register.watch({ buffer: 4 });
    await runSome(register, 3);
    expect((await events.next()).value).toMatchObject({
      type: "ended",
      operation: { name: "1" },
      dropped: 5,
    });
    const next = (await events.next()).value;
    expect(next).toMatchObject({ type: "registered", operation: { name: "2" } });
    expect(next).not.toHaveProperty("dropped");
    await events.next();
    await events.next();
    await runSome(register, 1);
    expect((await events.next()).value).not.toHaveProperty("dropped");
  });

  everywhere("a dropped progress report is followed by the next one", async () => {
    const register = new OperationRegistry();
    using events = register.watch({ buffer: 1, throttle: 0 });
    await new Cancellable({ register }).run((op) => {
      for (let i = 0; i < 3; i++) op.reportProgress(`${i}`);
      register.register(new Cancellable());
      op.reportProgress("last");
    });
    expect((await events.next()).value).toMatchObject({ type: "ended", operation: { progress: "last" } });
  });

  everywhere("the buffer must be a whole number of at least 1", () => {
    const register = new OperationRegistry();
    const range = "a whole number of at least 1, or Infinity";
    expectThrows("RangeError", [[() => register.watch({ buffer: 0 }), "options.buffer", range, "0"]]);
    expectThrows("TypeError", [
      [() => register.watch({ buffer: wrong("1") }), "options.buffer", "a number", '"1"'],
    ]);
  });
});
