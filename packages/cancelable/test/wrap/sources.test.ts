import { expect, test, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  cancellable,
  currentOperation,
  ResourceSource,
  sleep,
  sleepForever,
  TimeoutSource,
  type WrapOptions,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

/** The end of a call that would run forever. */
const endOf = (options: WrapOptions): Promise<unknown> => rejection(cancellable(options, sleepForever)());

describeEverywhere("timeout", (everywhere) => {
  everywhere("the timeout counts from each call, not from the wrapping (PAR-DEC-01)", async (t) => {
    const wrapped = cancellable({ timeout: { milliseconds: 10 } }, sleepForever);
    await sleep(10);
    for (const end of [20, 30]) {
      expect(await rejection(wrapped())).toMatchObject({ name: "TimeoutError", timeoutMs: 10 });
      t.expectElapsed(end);
    }
  });

  everywhere("0 and less have expired, and the function is not called", async (t) => {
    const fn = vi.fn();
    for (const timeout of [0, -1]) {
      expect(await rejection(cancellable({ timeout }, fn)())).toMatchObject({ reason: "timeout" });
    }
    expect(fn).not.toHaveBeenCalled();
    expect(t.elapsed()).toBeLessThan(5_000);
  });

  everywhere("undefined and null mean no limit (PAR-DEC-01)", async () => {
    for (const timeout of [undefined, null]) {
      expect(await cancellable({ timeout }, async () => currentOperation()?.isRunning)()).toBe(true);
    }
  });
});

describeEverywhere("token and signal", (everywhere) => {
  everywhere(
    "a live token lets calls through; a cancelled one ends running calls and refuses others (PAR-DEC-07)",
    async () => {
      const token = new CancellationToken();
      const fn = vi.fn(async (ms: number) => {
        await sleep(ms);
        return "done";
      });
      const wrapped = cancellable({ token }, fn);
      expect(await wrapped(1)).toBe("done");
      const running = wrapped(60_000);
      await sleep(0);
      token.cancel("shutdown", "closing");
      for (const error of await Promise.all([running, wrapped(1)].map(rejection))) {
        expect(error).toMatchObject({ reason: "shutdown", message: "closing" });
      }
      expect(fn).toHaveBeenCalledTimes(2);
    },
  );

  everywhere("an AbortSignal has the same effect, and no listener of an ended call stays", async () => {
    const controller = new AbortController();
    const add = vi.spyOn(controller.signal, "addEventListener");
    const remove = vi.spyOn(controller.signal, "removeEventListener");
    const wrapped = cancellable({ signal: controller.signal }, sleep);
    await wrapped(1);
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1]);
    const running = wrapped(60_000);
    await sleep(0);
    const reason = new Error("the request went away");
    controller.abort(reason);
    for (const error of await Promise.all([running, wrapped(1)].map(rejection)))
      expect(error).toMatchObject({ cause: reason });
  });
});

describeEverywhere("condition and resources", (everywhere) => {
  everywhere("a condition that stays false lets the call end (PAR-DEC-09)", async () => {
    for (const condition of [() => false, async () => false]) {
      const wrapped = cancellable({ condition: { check: condition, interval: 1 } }, async () => {
        await sleep(5);
        return "result";
      });
      expect(await wrapped()).toBe("result");
    }
  });

  everywhere(
    "a condition that becomes true cancels the call, synchronous or asynchronous (PAR-DEC-09)",
    async (t) => {
      for (const kind of ["sync", "async"]) {
        let checks = 0;
        const full = (): boolean => ++checks > 2;
        const condition = kind === "sync" ? full : async () => full();
        expect(await endOf({ condition: { check: condition, interval: { milliseconds: 5 } } })).toMatchObject(
          {
            reason: "condition",
            conditionName: kind === "sync" ? "full" : "condition",
          },
        );
      }
      t.expectElapsed(20);
    },
  );

  everywhere("a resource above its threshold cancels the call", async () => {
    expect(await endOf({ resources: { memory: 0 } })).toMatchObject({ reason: "condition" });
    const reader = { memory: () => 50, cpu: () => 50, disk: () => 50, eventLoopDelay: () => 50 };
    const busy = new ResourceSource({ cpu: 40 }, { reader, interval: 1 });
    expect(await endOf({ combine: [busy] })).toMatchObject({ reason: "condition" });
  });
});

describeEverywhere("combine", (everywhere) => {
  everywhere("the first part that fires cancels the call, whatever its kind (PAR-DEC-10)", async (t) => {
    const token = new CancellationToken();
    const aborted = new AbortController();
    aborted.abort();
    token.cancel("shutdown", "closing");
    const parts = [
      [new TimeoutSource(5), "timeout"],
      [Cancellable.withTimeout(5), "timeout"],
      [token, "shutdown"],
      [aborted.signal, "manual"],
    ] as const;
    for (const [part, reason] of parts) {
      const forever = new CancellationToken();
      expect(await endOf({ combine: [forever, part] })).toMatchObject({ reason });
      expect(await endOf({ combine: () => [part, forever] })).toMatchObject({ reason });
    }
    t.expectElapsed(20);
  });

  everywhere(
    "parts that do not fire leave the result alone, and the name is the function's (PAR-DEC-10)",
    async () => {
      const combine = [new TimeoutSource(60_000), new CancellationToken()];
      async function work(): Promise<string | undefined> {
        return currentOperation()?.name;
      }
      expect(await cancellable({ combine }, work)()).toBe("work");
      expect(await cancellable({ combine, name: "given" }, work)()).toBe("given");
    },
  );

  everywhere("a combine function is called for each call with the call's arguments", async () => {
    const combine = vi.fn((_ms: number, signal: AbortSignal) => [signal]);
    const wrapped = cancellable({ combine }, async (ms: number, _signal: AbortSignal) => sleep(ms));
    const controllers = [new AbortController(), new AbortController()] as const;
    const calls = controllers.map(({ signal }) => wrapped(20, signal));
    controllers[0].abort(new Error("only this one"));
    expect(await rejection(calls[0] as Promise<void>)).toMatchObject({ reason: "manual" });
    await calls[1];
    expect(combine.mock.calls).toEqual(controllers.map(({ signal }) => [20, signal]));
  });

  everywhere("operations among the parts serve every call and stay below their parent", async () => {
    const parent = new Cancellable().start();
    const template = Cancellable.withTimeout(5, { parent });
    const wrapped = cancellable({ combine: [template] }, sleepForever);
    for (let call = 0; call < 3; call++)
      expect(await rejection(wrapped())).toMatchObject({ reason: "timeout" });
    expect(template.status).toBe("pending");
    parent.cancel("shutdown", "closing");
    const fn = vi.fn();
    expect(await rejection(cancellable({ combine: [template] }, fn)())).toMatchObject({ reason: "parent" });
    expect(fn).not.toHaveBeenCalled();
    expect(await rejection(wrapped())).toMatchObject({ reason: "parent" });
    await parent[Symbol.asyncDispose]();
  });

  everywhere("the first of all sources wins", async (t) => {
    const token = new CancellationToken();
    expect(await endOf({ token, timeout: 60_000, combine: [new TimeoutSource(5)] })).toMatchObject({
      timeoutMs: 5,
    });
    expect(await endOf({ token, timeout: 5, combine: [new TimeoutSource(60_000)] })).toMatchObject({
      timeoutMs: 5,
    });
    t.expectElapsed(10);
  });
});

test("signals let a call through and cancel a running call when they arrive (PAR-DEC-08)", async () => {
  const before = process.listenerCount("SIGUSR2");
  const wrapped = cancellable({ signals: ["SIGUSR2", "SIGWINCH"] }, async (wait: PromiseLike<string>) => {
    const op = currentOperation() as Cancellable;
    return op.waitFor(wait);
  });
  expect(await wrapped(Promise.resolve("result"))).toBe("result");
  const call = wrapped(deferred<string>().promise);
  expect(process.listenerCount("SIGUSR2")).toBe(before + 1);
  process.emit("SIGUSR2");
  expect(await rejection(call)).toMatchObject({ reason: "signal", signal: "SIGUSR2" });
  expect(process.listenerCount("SIGUSR2")).toBe(before);
  const one = cancellable({ signals: "SIGUSR2" }, () => sleepForever())();
  process.emit("SIGUSR2");
  expect(await rejection(one)).toMatchObject({ reason: "signal" });
});
