import { expect, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  getBackend,
  registerBackend,
  run,
  setReporter,
  sleep,
} from "../src/index.ts";
import { VirtualBackend } from "../src/testing/index.ts";
import { describeEverywhere } from "./backends.ts";
import { expectRejects, expectThrows, type Refusal, wrong } from "./refusals.ts";

const span = "milliseconds, a Duration or null";
const ms = "a number of milliseconds";
const moment = "a Date or epoch milliseconds";
const never = (): boolean => false;
class Odd {}

describeEverywhere("operations complain about wrong arguments", (everywhere) => {
  everywhere("options: and the parent gets no child", () => {
    const parent = new Cancellable();
    const plain = "a plain object";
    const above = "a Cancellable, a CancelScope or null";
    expectThrows("TypeError", [
      [() => new Cancellable(wrong("name")), "options", "an object", '"name"'],
      [() => new Cancellable(wrong(null)), "options", "an object", "null"],
      [() => new Cancellable({ parent, id: wrong(5) }), "options.id", "a string", "5"],
      [() => new Cancellable({ parent, name: wrong(Symbol("n")) }), "options.name", "a string", "Symbol(n)"],
      [() => new Cancellable({ parent, token: wrong("t") }), "options.token", "a CancellationToken", '"t"'],
      [() => new Cancellable({ parent, grace: wrong("1") }), "options.grace", span, '"1"'],
      [() => new Cancellable({ parent: wrong("p") }), "options.parent", above, '"p"'],
      [() => new Cancellable({ parent: wrong({ node: {} }) }), "options.parent", above, '{"node":{}}'],
      [
        () => new Cancellable({ parent: wrong(new CancellationToken()) }),
        "options.parent",
        above,
        "an instance of CancellationToken",
      ],
      ...(
        [
          [null, "null"],
          ["text", '"text"'],
          [["a"], '["a"]'],
          [new Map(), "an instance of Map"],
          [new Odd(), "an instance of Odd"],
          [never, "function never"],
        ] as const
      ).map(
        ([metadata, got]): Refusal => [
          () => new Cancellable({ parent, metadata: wrong(metadata) }),
          "options.metadata",
          plain,
          got,
        ],
      ),
      [() => Cancellable.withTimeout(wrong("5"), { parent }), "span", span, '"5"'],
      [() => Cancellable.withDeadline(wrong("5"), { parent }), "deadline", moment, '"5"'],
    ]);
    expectThrows("RangeError", [
      [
        () => new Cancellable({ parent, grace: Number.NaN }),
        "options.grace",
        "a number of milliseconds",
        "NaN",
      ],
      [() => Cancellable.withTimeout(Number.NaN, { parent }), "span", "a number of milliseconds", "NaN"],
    ]);
    expect(parent.children).toEqual([]);
    const bare = Object.assign(Object.create(null) as Record<string, unknown>, { kind: "bare" });
    expect(new Cancellable({ metadata: bare }).context.metadata).toEqual({ kind: "bare" });
  });
});

describeEverywhere("operations complain about wrong arguments of their methods", (everywhere) => {
  everywhere("bodies: and the operation has not started, and still can", async () => {
    const op = new Cancellable();
    await expectRejects("TypeError", [
      [() => op.run(wrong(undefined)), "body", "a function", "undefined"],
      [() => op.run(wrong(Promise.resolve())), "body", "a function", "an instance of Promise"],
      [() => op.shield(wrong("x")), "body", "a function", '"x"'],
      [() => op.shield(never, wrong(5)), "options", "an object", "5"],
    ]);
    expect(await op.settle(wrong(5))).toMatchObject({
      status: "failed",
      error: { message: "body must be a function; got 5", code: "ERR_INVALID_ARG_TYPE" },
    });
    expect([op.status, op.children]).toEqual(["pending", []]);
    await expect(op.run(() => "value")).resolves.toBe("value");
  });

  everywhere("spans of op.shield: and its body is not called", async () => {
    const body = vi.fn();
    await new Cancellable().run(async (op) => {
      await expectRejects("TypeError", [
        [() => op.shield(body, { timeout: wrong("1") }), "options.timeout", span, '"1"'],
      ]);
      await expectRejects("RangeError", [
        [() => op.shield(body, { timeout: Number.NaN }), "options.timeout", ms, "NaN"],
      ]);
      expect(op.children).toEqual([]);
    });
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("callbacks, functions to wrap and things to wait for", async () => {
    const op = new Cancellable();
    expectThrows("TypeError", [
      [() => op.onStart(wrong(1)), "callback", "a function", "1"],
      [() => op.onProgress(wrong(1)), "callback", "a function", "1"],
      [() => op.onComplete(wrong(null)), "callback", "a function", "null"],
      [() => op.onCancel(wrong({})), "callback", "a function", "{}"],
      [() => op.onError(wrong("f")), "callback", "a function", '"f"'],
      [() => op.wrap(wrong(5)), "fn", "a function", "5"],
    ]);
    for (const target of [op, new CancelScope()]) {
      await expectRejects("TypeError", [
        [() => target.waitFor(wrong(5)), "work", "a promise or a function", "5"],
        [() => target.sleep(wrong("5")), "span", span, '"5"'],
      ]);
      await expectRejects("RangeError", [[() => target.sleep(Number.NaN), "span", ms, "NaN"]]);
    }
  });

  everywhere("progress: and nobody is told", () => {
    const told = vi.fn();
    const op = new Cancellable().onProgress(told);
    const report = "a string or an object with current, total, message, phase, unit";
    expectThrows("TypeError", [
      [() => op.reportProgress(wrong(50)), "progress", report, "50"],
      [() => op.reportProgress(wrong(null)), "progress", report, "null"],
      [() => op.reportProgress({ message: wrong(5) }), "progress.message", "a string", "5"],
      [() => op.reportProgress({ phase: wrong(5) }), "progress.phase", "a string", "5"],
      [() => op.reportProgress({ unit: wrong(5) }), "progress.unit", "a string", "5"],
      [() => op.reportProgress({ current: wrong("1") }), "progress.current", "a number", '"1"'],
      [() => op.reportProgress("half", wrong("way")), "metadata", "an object", '"way"'],
    ]);
    expectThrows("RangeError", [
      [() => op.reportProgress({ current: -1 }), "progress.current", "at least 0", "-1"],
      [() => op.reportProgress({ total: Number.NaN }), "progress.total", "at least 0", "NaN"],
    ]);
    expect(told).not.toHaveBeenCalled();
    expect(op.context.progress).toBeUndefined();
  });
});

describeEverywhere("scopes and backends complain about wrong arguments", (everywhere) => {
  everywhere("a scope's options and properties (CONF-C09)", async () => {
    const both = { timeout: 1, deadline: 1 };
    const scope = new CancelScope({ deadline: 1e12 });
    expectThrows("TypeError", [
      [() => new CancelScope(wrong(5)), "options", "an object", "5"],
      [() => new CancelScope({ timeout: wrong("5") }), "options.timeout", span, '"5"'],
      [
        () => new CancelScope({ deadline: wrong(new Date(0)) }),
        "options.deadline",
        ms,
        "an instance of Date",
      ],
      [() => new CancelScope({ shield: wrong(1) }), "options.shield", "true or false", "1"],
      [() => Object.assign(scope, { deadline: null }), "deadline", ms, "null"],
      [() => Object.assign(scope, { shield: "yes" }), "shield", "true or false", '"yes"'],
    ]);
    expectThrows("RangeError", [
      [
        () => new CancelScope(both),
        "options",
        "given a timeout or a deadline, not both",
        JSON.stringify(both),
      ],
      [() => new CancelScope({ timeout: Number.NaN }), "options.timeout", ms, "NaN"],
      [() => new CancelScope({ deadline: Number.NaN }), "options.deadline", ms, "NaN"],
      [() => Object.assign(scope, { deadline: Number.NaN }), "deadline", ms, "NaN"],
    ]);
    expect([scope.deadline, scope.shield]).toEqual([1e12, false]);
    await expectRejects("TypeError", [[() => scope.run(wrong(5)), "body", "a function", "5"]]);
    await expect(scope.run(() => "still new")).resolves.toBe("still new");
    expect(await new CancelScope({ deadline: -5 }).run(() => sleep(0).then(() => "late"))).toBeUndefined();
  });

  everywhere("run, backends and the reporter: and main is not called", async () => {
    const main = vi.fn();
    await expectRejects("TypeError", [
      [() => run(wrong(5)), "main", "a function", "5"],
      [() => run(main, wrong(5)), "options", "an object", "5"],
      [() => run(main, { backend: wrong({}) }), "options.backend", "an AsyncBackend", "{}"],
      [() => run(main, { backend: wrong(null) }), "options.backend", "an AsyncBackend", "null"],
    ]);
    expectThrows("TypeError", [
      [() => getBackend(wrong(5)), "name", "a string", "5"],
      [() => registerBackend(wrong("native")), "backend", "an AsyncBackend", '"native"'],
      [() => setReporter(wrong(undefined)), "reporter", "a function", "undefined"],
      [() => new VirtualBackend(wrong(5)), "options", "an object", "5"],
      [() => new VirtualBackend({ epoch: wrong("2000") }), "options.epoch", moment, '"2000"'],
      [() => new VirtualBackend().hold(wrong(5)), "work", "a promise", "5"],
    ]);
    const finite = "at least 0, and finite";
    expectThrows("RangeError", [
      [() => new VirtualBackend().pass(-1), "span", finite, "-1"],
      [() => new VirtualBackend().pass(Number.POSITIVE_INFINITY), "span", finite, "Infinity"],
    ]);
    await expectRejects("RangeError", [
      [() => new VirtualBackend().advance(-1), "span", finite, "-1"],
      [() => new VirtualBackend().advance(Number.NaN), "span", ms, "NaN"],
    ]);
    expect(main).not.toHaveBeenCalled();
  });
});
