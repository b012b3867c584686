import { expect } from "vitest";
import {
  AbortSignalSource,
  AllOfSource,
  AnyOfSource,
  Cancellable,
  CancellationSource,
  CancellationToken,
  ConditionSource,
  DeadlineSource,
  ResourceSource,
  SignalSource,
  TimeoutSource,
  TokenSource,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, type Refusal, wrong } from "../refusals.ts";

const reasons = 'a word such as "shutdown", of lower-case letters and hyphens';

const span = "milliseconds, a Duration such as { seconds: 5 }, or null";

const moment = "a Date or epoch milliseconds";

const never = (): boolean => false;

describeEverywhere("null as an option", (everywhere) => {
  everywhere("null is refused as an interval: it is not the default", () => {
    const rest = ["options.interval", "a positive, finite time span", "null"] as const;
    expectThrows("RangeError", [
      [() => new ConditionSource(() => false, { interval: null }), ...rest],
      [() => Cancellable.withCondition(() => false, { interval: null }), ...rest],
      [() => new ResourceSource({ memory: 90 }, { interval: null }), ...rest],
      [() => Cancellable.withResources({ memory: 90 }, { interval: null }), ...rest],
    ]);
  });
});

describeEverywhere("sources refuse wrong arguments", (everywhere) => {
  everywhere("wrong timeouts and deadlines are refused", () => {
    expectThrows("TypeError", [
      [() => new TimeoutSource(wrong("30s")), "span", span, '"30s"'],
      [() => new TimeoutSource(wrong(undefined)), "span", span, "undefined"],
      [() => new TimeoutSource(5, wrong(5)), "name", "a string", "5"],
      [() => new DeadlineSource(wrong("2030-01-01")), "deadline", moment, '"2030-01-01"'],
      [() => new DeadlineSource(wrong(null)), "deadline", moment, "null"],
      [() => Cancellable.withTimeout(wrong(true)), "span", span, "true"],
      [() => Cancellable.withDeadline(wrong({})), "deadline", moment, "{}"],
    ]);
    expectThrows("RangeError", [
      [() => new TimeoutSource(Number.NaN), "span", "a number of milliseconds", "NaN"],
      [() => new DeadlineSource(Number.NaN), "deadline", "a valid Date or epoch milliseconds", "NaN"],
      [() => Cancellable.withTimeout({ hours: Number.NaN }), "span.hours", "a number", "NaN"],
    ]);
    // The message cannot show an invalid date, so only its beginning is compared.
    expect(() => new DeadlineSource(new Date(Number.NaN))).toThrow(/^deadline must be a valid Date or epoch/);
  });

  everywhere("wrong names of signals are refused (PAR-SIG-02)", () => {
    const handled = process.listenerCount("SIGINT");
    const named = 'the name of a signal, such as "SIGINT"';
    const had = 'the name of a signal that this system has, such as "SIGINT"';
    for (const make of [
      (...names: never[]) => new SignalSource(...names),
      (...names: never[]) => Cancellable.withSignal(...names),
    ]) {
      expectThrows("TypeError", [
        [() => make(wrong(2)), "signals[0]", named, "2"],
        [() => make(wrong("SIGINT"), wrong(["SIGTERM"])), "signals[1]", named, '["SIGTERM"]'],
      ]);
      expectThrows("RangeError", [
        [() => make(wrong("SIGNOPE")), "signals[0]", had, '"SIGNOPE"'],
        [() => make(wrong("sigint")), "signals[0]", had, '"sigint"'],
        [() => make(wrong("toString")), "signals[0]", had, '"toString"'],
        [() => make(wrong("SIGKILL")), "signals[0]", "a signal that can be handled", '"SIGKILL"'],
        [() => make(wrong("SIGSTOP")), "signals[0]", "a signal that can be handled", '"SIGSTOP"'],
      ]);
    }
    expect(process.listenerCount("SIGINT")).toBe(handled);
  });

  everywhere("a condition needs a function, and an interval that is positive and finite (PAR-CND-03)", () => {
    const interval = "options.interval";
    const finite = "a positive, finite time span";
    expectThrows("TypeError", [
      [() => new ConditionSource(wrong(true)), "predicate", "a function", "true"],
      [
        () => new ConditionSource(wrong(Promise.resolve(true))),
        "predicate",
        "a function, such as () => promise",
        "an instance of Promise",
      ],
      [() => new ConditionSource(never, wrong(100)), "options", "an object", "100"],
      [() => new ConditionSource(never, { interval: wrong("1") }), interval, span, '"1"'],
      [() => new ConditionSource(never, { name: wrong(5) }), "name", "a string", "5"],
      [() => Cancellable.withCondition(wrong("x")), "predicate", "a function", '"x"'],
      [() => Cancellable.withCondition(never, wrong(100)), "options", "an object", "100"],
    ]);
    for (const make of [
      (ms: number) => new ConditionSource(never, { interval: ms }),
      (ms: number) => Cancellable.withCondition(never, { interval: ms }),
      (ms: number) => new ResourceSource({ memory: 50 }, { interval: ms }),
      (ms: number) => Cancellable.withResources({ memory: 50 }, { interval: ms }),
    ]) {
      expectThrows("RangeError", [
        [() => make(0), interval, finite, "0"],
        [() => make(-1), interval, finite, "-1"],
        [() => make(Number.POSITIVE_INFINITY), interval, finite, "Infinity"],
        [() => make(Number.NaN), interval, "a number of milliseconds", "NaN"],
      ]);
    }
  });

  everywhere("wrong thresholds of resources are refused", () => {
    const object = "an object with memory, cpu, disk or eventLoopDelay";
    for (const make of [
      (thresholds: unknown) => new ResourceSource(wrong(thresholds)),
      (thresholds: unknown) => Cancellable.withResources(wrong(thresholds)),
    ]) {
      expectThrows("TypeError", [
        [() => make(80), "thresholds", object, "80"],
        [() => make(null), "thresholds", object, "null"],
        [() => make({ memory: "80" }), "thresholds.memory", "a number", '"80"'],
        [() => make({ memory: 80, cpu: null }), "thresholds.cpu", "a number", "null"],
      ]);
      expectThrows("RangeError", [
        [() => make({}), "thresholds", "a non-empty object", "{}"],
        [() => make({ memory: 101 }), "thresholds.memory", "0 to 100 percent", "101"],
        [() => make({ cpu: -1 }), "thresholds.cpu", "0 to 100 percent", "-1"],
        [() => make({ disk: Number.NaN }), "thresholds.disk", "0 to 100 percent", "NaN"],
        [() => make({ eventLoopDelay: -1 }), "thresholds.eventLoopDelay", "at least 0 ms", "-1"],
        [() => make({ ram: 5 }), "thresholds", "limits of memory, cpu, disk, eventLoopDelay", '{"ram":5}'],
      ]);
    }
    expectThrows("TypeError", [
      [() => new ResourceSource({ disk: 5 }, { path: wrong(5) }), "options.path", "a string", "5"],
      [() => new ResourceSource({ disk: 5 }, wrong(1)), "options", "an object", "1"],
    ]);
  });

  everywhere("wrong tokens, signals and parts of a combination are refused (PAR-ANY-01)", () => {
    const part = "a Cancellable, a CancellationSource, a CancellationToken or an AbortSignal";
    const token = new CancellationToken();
    expectThrows("TypeError", [
      [() => new TokenSource(wrong({})), "token", "a CancellationToken", "{}"],
      [() => new AbortSignalSource(wrong("x")), "signal", "an AbortSignal", '"x"'],
      [() => Cancellable.withToken(wrong(null)), "token", "a CancellationToken", "null"],
      [
        () => Cancellable.withAbortSignal(wrong(token)),
        "signal",
        "an AbortSignal",
        "an instance of CancellationToken",
      ],
      [() => Cancellable.anyOf(token, wrong(5)), "parts[1]", part, "5"],
      [() => Cancellable.allOf(wrong(undefined)), "parts[0]", part, "undefined"],
      [
        () => new Cancellable().combine(wrong(token)),
        "others[0]",
        "a Cancellable",
        "an instance of CancellationToken",
      ],
    ]);
    for (const Composite of [AnyOfSource, AllOfSource]) {
      expectThrows("TypeError", [
        [
          () => new Composite(wrong(token)),
          "sources",
          "an array of CancellationSource",
          "an instance of CancellationToken",
        ],
        [
          () => new Composite([wrong(token)]),
          "sources[0]",
          "a CancellationSource",
          "an instance of CancellationToken",
        ],
      ]);
      expectThrows("RangeError", [[() => new Composite([]), "sources", "a non-empty array", "[]"]]);
    }
    for (const kind of ["anyOf", "allOf"] as const) {
      expect(() => Cancellable[kind]()).toThrow(/^parts must/);
      expect(() => Cancellable[kind]([], { name: "none" })).toThrow(/^parts must/);
    }
  });

  everywhere("a wrong reason or message of a custom source is refused", async (t) => {
    const calls: Refusal[] = [];
    class Own extends CancellationSource {
      override start(sink: Parameters<CancellationSource["start"]>[0]): undefined {
        calls.push([() => sink.trigger(wrong("Because")), "reason", reasons, '"Because"']);
        calls.push([() => sink.trigger("manual", wrong(5)), "message", "a string", "5"]);
      }
    }
    const op = new Cancellable().addSource(new Own());
    await op.run(() => expectThrows("TypeError", calls));
    expect(calls).toHaveLength(2);
    expect([op.status, t.reported]).toEqual(["completed", []]);
  });
});
