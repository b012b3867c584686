import { expect, expectTypeOf, test, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  currentOperation,
  sleep,
  sleepForever,
  withCancellable,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { expectThrows, expectUsageError, wrong } from "../refusals.ts";

describeEverywhere("withCancellable(op, fn)", (everywhere) => {
  everywhere("functions run in one shared operation (PAR-DEC-12)", async () => {
    const op = new Cancellable({ name: "shared" });
    const read = withCancellable(op, async (path: string, suffix = "") => {
      expect(currentOperation()).toBe(op);
      return path + suffix;
    });
    const count = withCancellable(op, (text: string) => text.length);
    expectTypeOf(read).parameters.toEqualTypeOf<[path: string, suffix?: string | undefined]>();
    expectTypeOf(count).returns.toEqualTypeOf<Promise<number>>();
    expect(await op.run(async () => count(await read("a", ".csv")))).toBe(5);
    expect([read.name, count.length]).toEqual(["", 1]);
  });

  everywhere(
    "the operation is injected on request, after the arguments and with this (PAR-DEC-12)",
    async () => {
      const op = new Cancellable();
      const injected = withCancellable(
        op,
        async function add(this: { base: number }, n: number, own: Cancellable) {
          return [this.base + n, own === op];
        },
        { inject: true },
      );
      expectTypeOf(injected).parameters.toEqualTypeOf<[n: number]>();
      const plain = withCancellable(op, async (...args: unknown[]) => args.length);
      const owner = { base: 40, injected };
      await op.run(async () => {
        expect(await owner.injected(2)).toEqual([42, true]);
        expect(await plain()).toBe(0);
      });
      expect([injected.name, injected.length]).toEqual(["add", 1]);
    },
  );

  everywhere("the operation's timeout applies to the functions (PAR-DEC-12)", async (t) => {
    const op = Cancellable.withTimeout(10);
    const wait = withCancellable(op, () => sleepForever());
    const outcome = await op.settle(async () => {
      const errors = await Promise.all([rejection(wait()), rejection(wait())]);
      expect(errors).toEqual([op.error, op.error]);
      await wait();
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
    t.expectElapsed(10);
  });

  everywhere("once the token is cancelled the functions are not called (PAR-DEC-12)", async () => {
    const token = new CancellationToken();
    const op = Cancellable.withToken(token);
    const fn = vi.fn();
    const wrapped = withCancellable(op, fn);
    await op.settle(async () => {
      await wrapped();
      token.cancel("shutdown", "closing");
      expect(await rejection(wrapped())).toBe(op.error);
    });
    expect(fn).toHaveBeenCalledOnce();
  });

  everywhere(
    "the caller's ambient operation does not matter, and the shared operation waits for calls",
    async () => {
      const op = new Cancellable({ name: "shared" });
      const gate = deferred();
      const order: string[] = [];
      const wrapped = withCancellable(op, async () => {
        await gate.promise;
        order.push(`${currentOperation()?.name}`);
      });
      let call: Promise<void> | undefined;
      const body = deferred();
      const running = op.run(() => body.promise);
      await new Cancellable({ name: "caller" }).run(() => {
        call = wrapped();
      });
      const ended = running.then(() => order.push("ended"));
      body.resolve();
      await sleep(0);
      expect([op.status, order]).toEqual(["running", []]);
      gate.resolve();
      await Promise.all([call, ended]);
      expect(order).toEqual(["shared", "ended"]);
    },
  );

  everywhere("a cancelled call is waited for, and errors come out unchanged", async () => {
    const op = new Cancellable();
    const error = new Error("mine");
    const cleanedUp = vi.fn();
    const fails = withCancellable(op, () => {
      throw error;
    });
    const stops = withCancellable(op, async () => {
      try {
        await sleepForever();
      } finally {
        await op.shield(() => sleep(5));
        cleanedUp();
      }
    });
    await op.settle(async () => {
      expect(await rejection(fails())).toBe(error);
      const call = stops();
      await sleep(0);
      op.cancel();
      expect(await rejection(call)).toBe(op.error);
      expect(cleanedUp).toHaveBeenCalledOnce();
    });
  });

  everywhere("calls reject before the operation has started and after it has ended", async () => {
    const op = new Cancellable({ name: "shared" });
    const fn = vi.fn();
    const wrapped = withCancellable(op, fn);
    expectUsageError(await rejection(wrapped()), "ERR_NOT_STARTED", /^operation "shared" /);
    await op.run(() => {});
    expectUsageError(await rejection(wrapped()), "ERR_ENDED", /^operation "shared" /);
    expect(fn).not.toHaveBeenCalled();
  });

  everywhere("the handle form works, although it is not ambient (PAR-DEC-12)", async () => {
    const op = new Cancellable({ name: "handle" }).start();
    expect(await withCancellable(op, async () => currentOperation()?.name)()).toBe("handle");
    await op[Symbol.asyncDispose]();
  });
});

test("values that are no operation or no function are refused", () => {
  const op = new Cancellable();
  expectThrows("TypeError", [
    [() => withCancellable(wrong({}), () => {}), "op", "a Cancellable", "{}"],
    [() => withCancellable(op, wrong(7)), "fn", "a function", "7"],
    [() => withCancellable(op, () => {}, wrong("inject")), "options", "an object", '"inject"'],
    [() => withCancellable(op, () => {}, { inject: wrong(1) }), "options.inject", "true or false", "1"],
  ]);
});
