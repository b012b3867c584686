import { expect, expectTypeOf, test, vi } from "vitest";
import {
  CancellationToken,
  ConditionSource,
  cancellable,
  type EffectiveOptions,
  type WrapOptions,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { expectThrows, expectUsageError, wrong } from "../refusals.ts";

const fn = async (): Promise<void> => {};
const refused = (options: Record<string, unknown>) => () => cancellable(wrong(options), fn);

test("cancellableOptions returns the effective options with the name (PAR-DEC-03)", () => {
  const options: WrapOptions = { timeout: 5, register: true };
  const wrapped = cancellable(options, async function load() {});
  expectTypeOf(wrapped.cancellableOptions).toEqualTypeOf<EffectiveOptions>();
  expect(wrapped.cancellableOptions).toEqual({ timeout: 5, register: true, name: "load", inject: false });
  expect(cancellable({ name: "given" }, fn).cancellableOptions.name).toBe("given");
  expect(cancellable({ inject: true }, () => {}).cancellableOptions).toEqual({
    name: undefined,
    inject: true,
  });
  expect(cancellable({ inject: true })(async function job() {}).cancellableOptions.name).toBe("job");
});

test("the returned options are frozen, and later changes of the given object have no effect", async () => {
  const options = { timeout: 60_000, metadata: { user: 7 } };
  const wrapped = cancellable({ ...options }, fn);
  expect(() => Object.assign(wrapped, { cancellableOptions: {} })).toThrow(TypeError);
  expect(() => Object.assign(wrapped.cancellableOptions, { timeout: 0 })).toThrow(TypeError);
  const mutable = { timeout: 60_000 };
  const late = cancellable(mutable, fn);
  mutable.timeout = 0;
  await late();
  expect(late.cancellableOptions.timeout).toBe(60_000);
});

test("options of the wrong type are refused at once with the option's name", () => {
  expectThrows("TypeError", [
    [() => cancellable(wrong(null), fn), "options", "an object", "null"],
    [() => cancellable(wrong("fast"), fn), "options", "an object", '"fast"'],
    [() => cancellable({}, wrong("fn")), "fn", "a function", '"fn"'],
    [() => cancellable({}, wrong(undefined)), "fn", "a function", "undefined"],
    [() => cancellable({})(wrong(7)), "fn", "a function", "7"],
    [
      refused({ timeout: "5s" }),
      "options.timeout",
      "milliseconds, a Duration such as { seconds: 5 }, or null",
      '"5s"',
    ],
    [refused({ token: {} }), "options.token", "a CancellationToken", "{}"],
    [refused({ signals: 9 }), "options.signals", "the name of a signal or an array of names", "9"],
    [refused({ signals: [9] }), "signals[0]", 'the name of a signal, such as "SIGINT"', "9"],
    [refused({ signal: {} }), "options.signal", "an AbortSignal", "{}"],
    [
      refused({ condition: true }),
      "options.condition",
      "a function, or an object with check and interval",
      "true",
    ],
    [refused({ condition: { interval: 5 } }), "options.condition.check", "a function", "undefined"],
    [
      refused({ resources: true }),
      "options.resources",
      "an object with memory, cpu, disk or eventLoopDelay",
      "true",
    ],
    [
      refused({ resources: 80 }),
      "options.resources",
      "an object with memory, cpu, disk or eventLoopDelay",
      "80",
    ],
    [
      refused({ combine: fnToken }),
      "options.combine",
      "an array of parts, or a function that returns an array",
      "an instance of CancellationToken",
    ],
    [
      refused({ combine: [fnToken, 7] }),
      "options.combine[1]",
      "a Cancellable, a CancellationSource, a CancellationToken or an AbortSignal",
      "7",
    ],
    [refused({ name: 7 }), "options.name", "a string", "7"],
    [refused({ id: 7 }), "options.id", "a string or a function", "7"],
    [refused({ metadata: [] }), "options.metadata", "a plain object", "[]"],
    [refused({ metadata: null }), "options.metadata", "a plain object", "null"],
    [refused({ parent: "me" }), "options.parent", "a Cancellable or a CancelScope", '"me"'],
    [
      refused({ grace: "5" }),
      "options.grace",
      "milliseconds, a Duration such as { seconds: 5 }, or null",
      '"5"',
    ],
    [refused({ register: 1 }), "options.register", "true, false or a registry", "1"],
    [refused({ inject: "op" }), "options.inject", "true or false", '"op"'],
  ]);
});

const fnToken = new CancellationToken();

test("options out of range are refused at once with the option's name; an empty combine is one (PAR-DEC-10)", () => {
  expectThrows("RangeError", [
    [refused({ timeout: Number.NaN }), "options.timeout", "a number of milliseconds", "NaN"],
    [refused({ signals: [] }), "options.signals", "not empty", "[]"],
    [refused({ combine: [] }), "options.combine", "not empty", "[]"],
    [
      refused({ condition: { check: fn, interval: 0 } }),
      "options.condition.interval",
      "a positive, finite time span",
      "0",
    ],
  ]);
});

describeEverywhere("an error while a call starts", (everywhere) => {
  everywhere("a combine that returns no parts or invalid parts rejects the call (PAR-DEC-10)", async () => {
    const body = vi.fn();
    expect(await rejection(cancellable({ combine: () => [] }, body)())).toMatchObject({
      message: expect.stringContaining("combine must"),
    });
    expect(await rejection(cancellable({ combine: () => wrong(7) }, body)())).toBeInstanceOf(TypeError);
    const error = new Error("no parts today");
    const breaks = (): never => {
      throw error;
    };
    expect(await rejection(cancellable({ combine: breaks }, body)())).toBe(error);
    expect(await rejection(cancellable({ id: breaks }, body)())).toBe(error);
    expect(await rejection(cancellable({ id: () => wrong(7) }, body)())).toBeInstanceOf(TypeError);
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("a condition that throws is reported and cancels nothing", async (t) => {
    const error = new Error("broken");
    const wrapped = cancellable(
      {
        condition: () => {
          throw error;
        },
      },
      async () => "result",
    );
    expect(await wrapped()).toBe("result");
    expect(t.reported.splice(0)).toEqual([error]);
    expect(new ConditionSource(() => true).triggered).toBe(false);
  });
});

describeEverywhere("a fixed id", (everywhere) => {
  everywhere(
    "one call runs at a time: another call is refused during the first, and accepted afterwards",
    async () => {
      const gate = deferred<string>();
      const body = vi.fn(() => gate.promise);
      const wrapped = cancellable({ id: "import" }, body);
      const first = wrapped();
      expectUsageError(await rejection(wrapped()), "ERR_BUSY", /^operation id "import" .*`id` as a function/);
      expect(body).toHaveBeenCalledTimes(1);
      gate.resolve("value");
      expect(await first).toBe("value");
      expect(await wrapped()).toBe("value");
    },
  );

  everywhere("the id is free after a call that failed, was cancelled, or never started", async () => {
    const token = new CancellationToken();
    let parts: CancellationToken[] = [];
    const wrapped = cancellable({ id: "import", combine: () => parts }, async () => {
      throw new Error("failed");
    });
    expect(await rejection(wrapped())).toBeInstanceOf(RangeError);
    parts = [token];
    expect(await rejection(wrapped())).toMatchObject({ message: "failed" });
    token.cancel();
    for (let i = 0; i < 2; i++) expect(await rejection(wrapped())).toMatchObject({ reason: "manual" });
  });

  everywhere("an id that is a function of the arguments lets calls with different ids overlap", async () => {
    const gate = deferred();
    const wrapped = cancellable(
      { id: (user: number) => `import-${user}` },
      async (_user: number) => gate.promise,
    );
    const calls = [wrapped(1), wrapped(2)];
    expectUsageError(await rejection(wrapped(1)), "ERR_BUSY", /"import-1"/);
    gate.resolve();
    await Promise.all(calls);
  });
});
