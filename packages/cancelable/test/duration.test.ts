import { describe, expect, test, vi } from "vitest";
import {
  Cancellable,
  CancelScope,
  ConditionSource,
  currentDeadline,
  failAfter,
  moveOnAfter,
  type Outcome,
  run,
  type Span,
  shield,
  sleep,
  sleepForever,
  TimeoutCancellation,
  TimeoutSource,
  withTimeout,
} from "../src/index.ts";
import { VirtualBackend } from "../src/testing/index.ts";
import { describeEverywhere, rejection } from "./backends.ts";

/** The shape of `Temporal.Duration`: every unit is a getter on the prototype, and 0 if it is not set. */
class TemporalLike {
  readonly #parts: Readonly<Record<string, number>>;
  constructor(parts: Readonly<Record<string, number>>) {
    this.#parts = parts;
  }
  get years(): number {
    return this.#parts.years ?? 0;
  }
  get months(): number {
    return this.#parts.months ?? 0;
  }
  get weeks(): number {
    return this.#parts.weeks ?? 0;
  }
  get days(): number {
    return this.#parts.days ?? 0;
  }
  get hours(): number {
    return this.#parts.hours ?? 0;
  }
  get minutes(): number {
    return this.#parts.minutes ?? 0;
  }
  get seconds(): number {
    return this.#parts.seconds ?? 0;
  }
  get milliseconds(): number {
    return this.#parts.milliseconds ?? 0;
  }
}

const inMilliseconds = (span: Span): number => new TimeoutSource(span).timeoutMs;
const wrong = (value: unknown): never => value as never;

describe("a time span", () => {
  test("is a number of milliseconds as it stands", () => {
    for (const ms of [0, 1, 1.5, -3, 2 ** 31, Number.MAX_SAFE_INTEGER]) expect(inMilliseconds(ms)).toBe(ms);
  });

  test("is none for null and Infinity", () => {
    expect(inMilliseconds(null)).toBe(Number.POSITIVE_INFINITY);
    expect(inMilliseconds(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(inMilliseconds({ hours: Number.POSITIVE_INFINITY })).toBe(Number.POSITIVE_INFINITY);
  });

  test("is an object of units, which add up (PAR-TIM-01)", () => {
    expect(inMilliseconds({ milliseconds: 100 })).toBe(100);
    expect(inMilliseconds({ seconds: 30 })).toBe(30_000);
    expect(inMilliseconds({ minutes: 2 })).toBe(120_000);
    expect(inMilliseconds({ hours: 1 })).toBe(3_600_000);
    expect(inMilliseconds({ days: 1 })).toBe(86_400_000);
    expect(inMilliseconds({ weeks: 1 })).toBe(604_800_000);
    expect(inMilliseconds({ weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 })).toBe(
      694_861_001,
    );
    expect(inMilliseconds({ seconds: 0.25 })).toBe(250);
    expect(inMilliseconds({ minutes: 1, seconds: -30 })).toBe(30_000);
    expect(inMilliseconds({ seconds: 0 })).toBe(0);
    expect(inMilliseconds({ seconds: -1 })).toBe(-1_000);
  });

  test("is a Temporal.Duration, unless years or months make its length vary", () => {
    expect(inMilliseconds(new TemporalLike({ minutes: 1, seconds: 30 }))).toBe(90_000);
    expect(inMilliseconds(new TemporalLike({}))).toBe(0);
    for (const unit of ["years", "months"]) {
      expect(() => inMilliseconds(new TemporalLike({ [unit]: 1, seconds: 1 }))).toThrow(RangeError);
      expect(() => inMilliseconds(new TemporalLike({ [unit]: 1 }))).toThrow(
        "span must be a span without years and months, whose length varies; got an instance of TemporalLike",
      );
    }
  });

  test("is a RangeError where a number is NaN", () => {
    for (const [span, argument] of [
      [Number.NaN, "span"],
      [{ seconds: Number.NaN }, "span.seconds"],
      [{ hours: 1, milliseconds: Number.NaN }, "span.milliseconds"],
    ] as const) {
      expect(() => inMilliseconds(span)).toThrow(RangeError);
      expect(() => inMilliseconds(span)).toThrow(new RegExp(`^${argument} must be a number.*; got NaN$`));
    }
  });

  test("is a TypeError for anything else, strings of digits included", () => {
    for (const [value, shown] of [
      [undefined, "undefined"],
      ["500", '"500"'],
      ["", '""'],
      ["PT30S", '"PT30S"'],
      [true, "true"],
      [5n, "5n"],
      [Symbol("span"), "Symbol(span)"],
      [() => 5, "function (anonymous)"],
      [[], "[]"],
      [[500], "[500]"],
      [{}, "{}"],
      [{ second: 5 }, '{"second":5}'],
      [new Date(0), "an instance of Date"],
    ] as const) {
      expect(() => inMilliseconds(wrong(value))).toThrow(TypeError);
      expect(() => inMilliseconds(wrong(value))).toThrow(
        `span must be milliseconds, a Duration or null; got ${shown}`,
      );
    }
    for (const amount of ["5", null, 5n, true]) {
      expect(() => inMilliseconds(wrong({ seconds: amount }))).toThrow(TypeError);
      expect(() => inMilliseconds(wrong({ seconds: amount }))).toThrow(
        /^span\.seconds must be a number; got /,
      );
    }
  });

  test("is written in messages in the unit that reads best", async () => {
    for (const [span, text] of [
      [50, "50ms"],
      [1_500, "1.5s"],
      [{ minutes: 1 }, "60s"],
      [0.25, "0.25ms"],
    ] as const) {
      const outcome = await run(() => Cancellable.withTimeout(span).settle(sleepForever), {
        backend: new VirtualBackend(),
      });
      expect(outcome).toMatchObject({ error: { message: `Operation timed out after ${text}` } });
    }
  });
});

/** Every function that takes a span, as one that resolves or rejects when the span is over. */
const takers: ReadonlyArray<readonly [name: string, wait: (span: Span) => Promise<unknown>]> = [
  ["sleep", (span) => sleep(span)],
  ["op.sleep", (span) => new Cancellable().run((op) => op.sleep(span))],
  ["scope.sleep", (span) => new CancelScope().run((scope) => scope.sleep(span))],
  ["moveOnAfter", (span) => moveOnAfter(span, sleepForever)],
  ["failAfter", (span) => rejection(failAfter(span, sleepForever))],
  ["withTimeout", (span) => rejection(withTimeout(span, new Promise(() => {})))],
  ["CancelScope", (span) => new CancelScope({ timeout: span }).run(sleepForever)],
  ["shield", (span) => rejection(shield(sleepForever, { timeout: span }))],
  [
    "op.shield",
    (span) => new Cancellable().run((op) => rejection(op.shield(sleepForever, { timeout: span }))),
  ],
  ["Cancellable.withTimeout", (span) => Cancellable.withTimeout(span).settle(sleepForever)],
  ["TimeoutSource", (span) => new Cancellable().addSource(new TimeoutSource(span)).settle(sleepForever)],
  [
    "grace",
    (grace) =>
      new Cancellable({ grace }).settle((op) => {
        op.cancel();
        return new Promise(() => {});
      }),
  ],
  [
    "the interval of a condition",
    (interval) => {
      let checks = 0;
      return new Cancellable()
        .addSource(new ConditionSource(() => ++checks > 1, { interval }))
        .settle(sleepForever);
    },
  ],
];

describeEverywhere("every function that takes a span", (everywhere) => {
  for (const [name, wait] of takers) {
    everywhere(`${name} takes milliseconds, a Duration and a Temporal.Duration`, async (t) => {
      let expected = 0;
      for (const span of [5, { seconds: 0.005 }, new TemporalLike({ milliseconds: 5 })]) {
        await wait(span);
        expected += 5;
        t.expectElapsed(expected);
      }
    });
  }
});

describeEverywhere("spans of 0 and less have expired already", (everywhere) => {
  const expired: readonly Span[] = [0, -0, -5, Number.NEGATIVE_INFINITY, { seconds: 0 }, { minutes: -1 }];

  everywhere("an operation does not start its body", async (t) => {
    for (const span of expired) {
      const body = vi.fn();
      const op = Cancellable.withTimeout(span);
      const outcome: Outcome<void> = await op.settle(body);
      expect(body).not.toHaveBeenCalled();
      expect(outcome).toMatchObject({
        status: "cancelled",
        error: { name: "TimeoutError", reason: "timeout" },
      });
    }
    if (t.backend instanceof VirtualBackend) t.expectElapsed(0);
  });

  everywhere("a scope starts its body, and the first checkpoint throws", async () => {
    for (const span of expired) {
      const log: string[] = [];
      const body = async (): Promise<string> => {
        log.push("started");
        await sleep(0);
        log.push("not reached");
        return "value";
      };
      expect(await moveOnAfter(span, body)).toBeUndefined();
      expect(await rejection(failAfter(span, body))).toBeInstanceOf(TimeoutCancellation);
      expect(await new CancelScope({ timeout: span }).run(body)).toBeUndefined();
      expect(log).toEqual(["started", "started", "started"]);
    }
  });

  everywhere("a sleep gives the others a turn, and no time passes", async (t) => {
    for (const span of expired) {
      const log: string[] = [];
      setImmediate(() => log.push("another turn"));
      await sleep(span);
      expect(log).toEqual(["another turn"]);
    }
    if (t.backend instanceof VirtualBackend) t.expectElapsed(0);
  });
});

describeEverywhere("null and Infinity are no limit", (everywhere) => {
  everywhere("no deadline holds, and nothing is cut short", async (t) => {
    for (const span of [null, Number.POSITIVE_INFINITY, { days: Number.POSITIVE_INFINITY }]) {
      const body = async (): Promise<number> => {
        await sleep(t.backend instanceof VirtualBackend ? { weeks: 10 } : 2);
        return currentDeadline();
      };
      expect(await moveOnAfter(span, body)).toBe(Number.POSITIVE_INFINITY);
      expect(await failAfter(span, body)).toBe(Number.POSITIVE_INFINITY);
      expect(await Cancellable.withTimeout(span).run(body)).toBe(Number.POSITIVE_INFINITY);
      expect(
        await withTimeout(
          span,
          sleep(1).then(() => "value"),
        ),
      ).toBe("value");
    }
  });

  everywhere("a sleep without end ends when it is cancelled", async () => {
    for (const span of [null, Number.POSITIVE_INFINITY]) {
      expect(await moveOnAfter(2, () => sleep(span).then(() => "woke"))).toBeUndefined();
    }
  });
});

test("spans above what a host's timer can hold are kept to the millisecond", async () => {
  const backend = new VirtualBackend();
  await run(() => moveOnAfter({ weeks: 52 }, sleepForever), { backend });
  expect(backend.now()).toBe(52 * 604_800_000);
});
