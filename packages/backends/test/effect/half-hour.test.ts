import { Cancellable, currentOperation, moveOnAfter, sleep, taskGroup } from "@hother/cancelable";
import { fromCancellable } from "@hother/cancelable-backends/effect";
import { Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { expect, test } from "vitest";

test("half an hour of scheduled work takes less than a second under TestClock", async () => {
  const began = performance.now();
  const log: string[] = [];
  let samples = 0;
  const at = (what: string, minute: number) => log.push(`${minute} min: ${what}`);

  const schedule = async (minute: () => number): Promise<void> => {
    await taskGroup((group) => {
      // A sample every minute. The tenth sample never answers and is given up after 30 s.
      group.startSoon(async () => {
        while (samples < 20) {
          await sleep({ minutes: 1 });
          const sample = ++samples;
          if (sample === 10) {
            const answer = await moveOnAfter({ seconds: 30 }, () => sleep({ hours: 1 }).then(() => "answer"));
            at(answer ?? "sample 10 given up", minute());
          }
        }
        at("20 samples", minute());
      });
      // A watcher that a condition ends, and a job that its timeout ends.
      group.startSoon(async () => {
        const watcher = Cancellable.withCondition(() => samples >= 12, { interval: { seconds: 10 } });
        const outcome = await watcher.settle(() => sleep({ hours: 1 }));
        at(`watcher ended by ${outcome.status === "cancelled" ? outcome.error.reason : "itself"}`, minute());
      });
      group.startSoon(async () => {
        await Cancellable.withTimeout({ minutes: 30 }).settle(() => sleep({ hours: 1 }));
        at(`${currentOperation()?.context.name} is over`, minute());
      });
    });
  };

  const program = Effect.gen(function* () {
    const clock = yield* TestClock.testClockWith(Effect.succeed);
    const op = new Cancellable({ name: "schedule" });
    const fiber = yield* Effect.forkChild(
      fromCancellable(op, () => schedule(() => clock.currentTimeMillisUnsafe() / 60_000)),
    );
    yield* TestClock.adjust("30 minutes");
    yield* Fiber.join(fiber);
  });
  await Effect.runPromise(Effect.provide(program, TestClock.layer()));

  expect(log).toEqual([
    "10.5 min: sample 10 given up",
    "12.5 min: watcher ended by condition",
    "20.5 min: 20 samples",
    "30 min: schedule is over",
  ]);
  expect(performance.now() - began).toBeLessThan(60_000);
});
