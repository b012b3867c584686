import { expect, test, vi } from "vitest";
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
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { TemporalLike } from "../temporal-like.ts";

/** Every function that takes a span, as a function that resolves or rejects when the span is over. */
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

describeEverywhere("every function that takes a span (rule 28)", (everywhere) => {
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

describeEverywhere("spans of 0 and less have expired (rule 28)", (everywhere) => {
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

  everywhere("a sleep gives other code a turn, and no time passes", async (t) => {
    for (const span of expired) {
      const log: string[] = [];
      setImmediate(() => log.push("another turn"));
      await sleep(span);
      expect(log).toEqual(["another turn"]);
    }
    if (t.backend instanceof VirtualBackend) t.expectElapsed(0);
  });
});

describeEverywhere("null and Infinity mean no limit (rule 28)", (everywhere) => {
  everywhere("no deadline exists, and no body is cut short", async (t) => {
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

test("spans above the limit of a host timer are exact to the millisecond", async () => {
  const backend = new VirtualBackend();
  await run(() => moveOnAfter({ weeks: 52 }, sleepForever), { backend });
  expect(backend.now()).toBe(52 * 604_800_000);
});
