import {
  Cancellable,
  CancelScope,
  currentDeadline,
  detectBackend,
  failAfter,
  isCancellation,
  moveOnAfter,
  run,
  sleep,
  sleepForever,
  taskGroup,
} from "@hother/cancelable";
import { fromCancellable, toCancellable } from "@hother/cancelable-backends/effect";
import { Effect, Exit, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { describe, expect, test } from "vitest";
import { turn } from "../support.ts";

/** Runs a program on a clock that stands still until it is moved. */
const onTestClock = <A, E>(program: Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(Effect.provide(program, TestClock.layer()));

/** Starts library code in a child fiber. */
const start = <A>(body: (op: Cancellable) => Promise<A>) =>
  Effect.forkChild(fromCancellable(new Cancellable(), body), { startImmediately: true });

const ended = (fiber: Fiber.Fiber<unknown, unknown>): boolean => fiber.pollUnsafe() !== undefined;

describe("TestClock drives", () => {
  test("a sleep: it ends at its time, not before", async () => {
    await onTestClock(
      Effect.gen(function* () {
        const fiber = yield* start(() => sleep({ minutes: 10 }));
        yield* TestClock.adjust("9 minutes");
        yield* TestClock.adjust(59_999);
        expect(ended(fiber)).toBe(false);
        yield* TestClock.adjust(1);
        yield* Fiber.join(fiber);
      }),
    );
  });

  test("sleeps in a raw promise, without fromCancellable", async () => {
    await onTestClock(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          Effect.promise(() => sleep({ hours: 2 })),
          { startImmediately: true },
        );
        yield* TestClock.adjust("1 hour");
        expect(ended(fiber)).toBe(false);
        yield* TestClock.adjust("1 hour");
        yield* Fiber.join(fiber);
      }),
    );
  });

  test("many sleeps, in order, each at its own time", async () => {
    const order: string[] = [];
    await onTestClock(
      Effect.gen(function* () {
        const clock = yield* TestClock.testClockWith(Effect.succeed);
        const fiber = yield* start(() =>
          taskGroup((group) => {
            for (const seconds of [30, 10, 20]) {
              group.startSoon(async () => {
                await sleep({ seconds });
                order.push(`${seconds} at ${clock.currentTimeMillisUnsafe() / 1000}`);
                await sleep({ seconds: 5 });
                order.push(`${seconds}+5 at ${clock.currentTimeMillisUnsafe() / 1000}`);
              });
            }
          }),
        );
        yield* TestClock.adjust("1 minute");
        yield* Fiber.join(fiber);
      }),
    );
    expect(order).toEqual(["10 at 10", "10+5 at 15", "20 at 20", "20+5 at 25", "30 at 30", "30+5 at 35"]);
  });

  test("the deadlines of moveOnAfter, failAfter, a scope and an operation", async () => {
    await onTestClock(
      Effect.gen(function* () {
        const clock = yield* TestClock.testClockWith(Effect.succeed);
        const minutes = (): number => clock.currentTimeMillisUnsafe() / 60_000;
        const fiber = yield* start(async () => {
          const seen: unknown[] = [];
          seen.push(await moveOnAfter({ minutes: 1 }, () => sleepForever()), minutes());
          seen.push(
            await failAfter({ minutes: 2 }, () => sleepForever()).catch((error) => error.name),
            minutes(),
          );
          const scope = new CancelScope({ timeout: { minutes: 3 } });
          await scope.run(() => sleepForever());
          seen.push(scope.cancelledCaught, minutes());
          const outcome = await Cancellable.withTimeout({ minutes: 4 }).settle(() => sleepForever());
          seen.push(outcome.status, minutes());
          return seen;
        });
        yield* TestClock.adjust("10 minutes");
        expect(yield* Fiber.join(fiber)).toEqual([undefined, 1, "TimeoutError", 3, true, 6, "cancelled", 10]);
      }),
    );
  });

  test("the timeout of an operation that fromCancellable runs", async () => {
    await onTestClock(
      Effect.gen(function* () {
        const op = Cancellable.withTimeout({ minutes: 5 });
        const fiber = yield* Effect.forkChild(
          fromCancellable(op, () => sleepForever()),
          { startImmediately: true },
        );
        yield* TestClock.adjust("4 minutes");
        expect(op.isCancelled).toBe(false);
        yield* TestClock.adjust("1 minute");
        const exit = yield* Fiber.await(fiber);
        expect(op.token.reason).toBe("timeout");
        expect(
          Exit.isFailure(exit) && isCancellation(exit.cause.reasons.map((r) => "error" in r && r.error)[0]),
        ).toBe(true);
      }),
    );
  });

  test("the checks of a condition", async () => {
    await onTestClock(
      Effect.gen(function* () {
        const clock = yield* TestClock.testClockWith(Effect.succeed);
        const checks: number[] = [];
        const op = Cancellable.withCondition(
          () => {
            checks.push(clock.currentTimeMillisUnsafe() / 1000);
            return checks.length === 4;
          },
          { interval: { seconds: 30 } },
        );
        const fiber = yield* Effect.forkChild(
          fromCancellable(op, () => sleepForever()),
          { startImmediately: true },
        );
        yield* TestClock.adjust("5 minutes");
        yield* Fiber.await(fiber);
        expect(checks).toEqual([0, 30, 60, 90]);
        expect(op.token.reason).toBe("condition");
      }),
    );
  });

  test("a moved deadline", async () => {
    await onTestClock(
      Effect.gen(function* () {
        const clock = yield* TestClock.testClockWith(Effect.succeed);
        const scope = new CancelScope({ timeout: { minutes: 1 } });
        const fiber = yield* start(() => scope.run(() => sleepForever()));
        expect(scope.deadline).toBe(60_000);
        yield* TestClock.adjust("30 seconds");
        scope.deadline += 60_000;
        yield* TestClock.adjust("1 minute");
        expect(ended(fiber)).toBe(false);
        yield* TestClock.adjust("30 seconds");
        yield* Fiber.join(fiber);
        expect(clock.currentTimeMillisUnsafe()).toBe(120_000);
      }),
    );
  });

  test("sleeps above the limit of a timer, and endless sleeps", async () => {
    await onTestClock(
      Effect.gen(function* () {
        const fiber = yield* start(() => sleep({ days: 1000 }));
        yield* TestClock.adjust("999 days");
        expect(ended(fiber)).toBe(false);
        yield* TestClock.adjust("1 day");
        yield* Fiber.join(fiber);
      }),
    );
  });

  test("fractions of a millisecond, which are rounded up", async () => {
    await onTestClock(
      Effect.gen(function* () {
        const fiber = yield* start(() => sleep(1.5));
        yield* TestClock.adjust(1);
        expect(ended(fiber)).toBe(false);
        yield* TestClock.adjust(1);
        yield* Fiber.join(fiber);
      }),
    );
  });

  test("library code in an effect in library code, on the same clock", async () => {
    await onTestClock(
      Effect.gen(function* () {
        const fiber = yield* start(() =>
          toCancellable(
            Effect.andThen(
              Effect.sleep("1 minute"),
              Effect.promise(() => sleep({ minutes: 1 })),
            ),
          ),
        );
        yield* TestClock.adjust("1 minute");
        expect(ended(fiber)).toBe(false);
        yield* TestClock.adjust("1 minute");
        yield* Fiber.join(fiber);
      }),
    );
  });
});

describe("two clocks", () => {
  test("each TestClock has its own backend, deadlines and time", async () => {
    const seen = await Promise.all(
      [1, 2].map((minutes) =>
        onTestClock(
          Effect.gen(function* () {
            yield* TestClock.adjust(minutes * 60_000);
            const fiber = yield* start(async () => {
              await sleep({ minutes: 1 });
              return [detectBackend().currentTime(), currentDeadline(), detectBackend()] as const;
            });
            yield* TestClock.adjust("1 minute");
            return yield* Fiber.join(fiber);
          }),
        ),
      ),
    );
    expect(seen.map(([now]) => now)).toEqual([120_000, 180_000]);
    expect(seen[0]?.[2]).not.toBe(seen[1]?.[2]);
  });

  test("a fiber with the live clock in a program on TestClock sleeps in real time", async () => {
    await onTestClock(
      TestClock.withLive(
        fromCancellable(new Cancellable(), async () => {
          const before = performance.now();
          await sleep(5);
          expect(performance.now() - before).toBeGreaterThanOrEqual(4);
        }),
      ),
    );
  });

  test("run(main, { backend: 'native' }) in a fiber on TestClock sleeps in real time, and its end is waited for", async () => {
    await onTestClock(
      fromCancellable(new Cancellable(), () =>
        run(
          async () => {
            await sleep(2);
            expect(detectBackend().name).toBe("native");
          },
          { backend: "native" },
        ),
      ),
    );
  });

  test("a cancellation removes the sleep from the clock", async () => {
    await onTestClock(
      Effect.gen(function* () {
        const op = new Cancellable();
        const fiber = yield* Effect.forkChild(
          fromCancellable(op, () => sleep({ minutes: 1 })),
          { startImmediately: true },
        );
        op.cancel();
        yield* Fiber.await(fiber);
        yield* TestClock.adjust("2 minutes");
        yield* Effect.promise(() => turn());
        expect(op.token.reason).toBe("manual");
      }),
    );
  });
});
