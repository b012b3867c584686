import { expect, vi } from "vitest";
import { Cancellable, CancellationToken, CancelScope, run, sleep } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectRejects, expectThrows, type Refusal, thrown, wrong } from "../refusals.ts";

const span = "milliseconds, a Duration such as { seconds: 5 }, or null";

const moment = "a Date or epoch milliseconds";

const promised = "a function, such as () => promise";

const never = (): boolean => false;

class Odd {}

const ms = "a number of milliseconds";

describeEverywhere("the parent of an operation that cannot be created (rule 24)", (everywhere) => {
  everywhere("a refused construction leaves no child in the parent", async () => {
    const parent = new Cancellable();
    await parent.run(() => {
      const wrongCalls: Array<() => unknown> = [
        () => Cancellable.withTimeout(Number.NaN, { parent }),
        () => Cancellable.withTimeout(wrong("soon"), { parent }),
        () => Cancellable.withCondition(wrong("no function"), { parent }),
        () => Cancellable.withCondition(() => true, { parent, interval: 0 }),
        () => Cancellable.withToken(wrong({}), { parent }),
        () => Cancellable.withAbortSignal(wrong({}), { parent }),
        () => Cancellable.withDeadline(wrong("x"), { parent }),
        () => Cancellable.withResources({}, { parent }),
        () => Cancellable.withResources({ memory: 500 }, { parent }),
        () => new Cancellable({ parent, id: wrong(1) }),
        () => new Cancellable({ parent, name: wrong(1) }),
        () => new Cancellable({ parent, metadata: wrong([]) }),
        () => new Cancellable({ parent, token: wrong({}) }),
        () => new Cancellable({ parent, grace: Number.NaN }),
      ];
      for (const call of wrongCalls) {
        thrown(call);
        expect([call.toString(), parent.children]).toEqual([call.toString(), []]);
      }
    });
  });
});

describeEverywhere("operations refuse wrong arguments", (everywhere) => {
  everywhere("wrong options are refused, and the parent gets no child", () => {
    const parent = new Cancellable();
    const plain = "a plain object";
    const above = "a Cancellable or a CancelScope";
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

describeEverywhere("the methods of operations refuse wrong arguments", (everywhere) => {
  everywhere("a wrong body is refused, and the operation can still start", async () => {
    const op = new Cancellable();
    await expectRejects("TypeError", [
      [() => op.run(wrong(undefined)), "body", "a function", "undefined"],
      [() => op.run(wrong(Promise.resolve())), "body", promised, "an instance of Promise"],
      [() => op.settle(wrong(5)), "body", "a function", "5"],
      [() => op.shield(wrong("x")), "body", "a function", '"x"'],
      [() => op.shield(never, wrong(5)), "options", "an object", "5"],
    ]);
    expect([op.status, op.children]).toEqual(["pending", []]);
    await expect(op.run(() => "value")).resolves.toBe("value");
  });

  everywhere("a wrong timeout of op.shield is refused, and the body is not called", async () => {
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

  everywhere("wrong callbacks, functions to wrap and values to wait for are refused", async () => {
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

  everywhere("wrong progress is refused, and no callback is called", () => {
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
