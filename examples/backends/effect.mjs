// @ts-check
// The same code alone and inside Effect. Cancellation passes through in both directions.
import { Cancellable, detectBackend, sleep, taskGroup } from "@hother/cancelable";
import { fromAsyncIterable, fromCancellable, toCancellable } from "@hother/cancelable-backends/effect";
import { Effect, Fiber, Stream } from "effect";

/** Contains no code for Effect. */
async function work() {
  let done = 0;
  await taskGroup((group) => {
    for (let i = 0; i < 3; i++) group.startSoon(() => sleep(1).then(() => void done++));
  });
  return `${done} tasks on ${detectBackend().name}`;
}
console.log(await work());

// 1. The code as an effect. A timeout is a typed failure.
console.log(await Effect.runPromise(fromCancellable(new Cancellable(), work)));
const limited = fromCancellable(Cancellable.withTimeout(20), () => sleep({ hours: 1 }));
console.log(
  await Effect.runPromise(
    limited.pipe(
      Effect.as("in time"),
      Effect.catch((error) => Effect.succeed(`failed: ${error.reason}`)),
    ),
  ),
);

// 2. Interrupting the fiber cancels the operation and waits for its clean-up.
const steps = /** @type {string[]} */ ([]);
const backup = new Cancellable({ name: "backup" });
const cleaning = fromCancellable(backup, async (op) => {
  try {
    await sleep({ hours: 1 });
  } finally {
    await op.shield(() => sleep(5));
    steps.push("cleaned up");
  }
});
const fiber = Effect.runFork(cleaning);
await sleep(20);
await Effect.runPromise(Fiber.interrupt(fiber));
console.log(steps.join(), "-", backup.status, backup.context.cancelReason);

// 3. An effect inside an operation. Cancelling the operation interrupts the effect.
const outcome = await Cancellable.withTimeout(20).settle(() =>
  toCancellable(Effect.never.pipe(Effect.onInterrupt(() => Effect.sync(() => steps.push("interrupted"))))),
);
console.log(outcome.status, "-", steps.at(-1));

// 4. A stream for Effect, which closes its source.
async function* ticks() {
  try {
    for (let n = 1; ; n++) {
      await sleep(1);
      yield n;
    }
  } finally {
    console.log("the source is closed");
  }
}
console.log(await Effect.runPromise(Stream.runCollect(fromAsyncIterable(ticks).pipe(Stream.take(3)))));

// prints:
// 3 tasks on native
// 3 tasks on effect
// failed: timeout
// cleaned up - cancelled parent
// cancelled - interrupted
// the source is closed
// [ 1, 2, 3 ]
