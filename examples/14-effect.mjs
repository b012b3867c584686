// @ts-check
// The same code as a program and inside of Effect: cancellation crosses the border both ways.
import { Cancellable, detectBackend, sleep, taskGroup } from "@hother/cancelable";
import { fromAsyncIterable, fromCancellable, toCancellable } from "@hother/cancelable-backends/effect";
import { Effect, Fiber, Stream } from "effect";

/** Knows nothing of Effect. */
async function work() {
  let done = 0;
  await taskGroup((group) => {
    for (let i = 0; i < 3; i++) group.startSoon(() => sleep(1).then(() => void done++));
  });
  return `${done} tasks on ${detectBackend().name}`;
}
console.log(await work());

// 1. As an effect. Its time limit is a typed failure.
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

// 2. Interrupting the fiber cancels the operation, and waits for its clean-up.
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

// 3. The other way: an effect in an operation, which ends with it.
const outcome = await Cancellable.withTimeout(20).settle(() =>
  toCancellable(Effect.never.pipe(Effect.onInterrupt(() => Effect.sync(() => steps.push("interrupted"))))),
);
console.log(outcome.status, "-", steps.at(-1));

// 4. A stream for Effect, whose source is closed.
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
