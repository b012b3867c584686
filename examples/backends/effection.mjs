// @ts-check
// The same code alone and inside Effection. Cancellation passes through in both directions.
import { Cancellable, detectBackend, Event, sleep, taskGroup } from "@hother/cancelable";
import { fromCancellable, toCancellable } from "@hother/cancelable-backends/effection";
import { call, ensure, run, spawn, suspend } from "effection";

/** Contains no code for Effection. */
async function work() {
  let done = 0;
  await taskGroup((group) => {
    for (let i = 0; i < 3; i++) group.startSoon(() => sleep(1).then(() => void done++));
  });
  return `${done} tasks on ${detectBackend().name}`;
}
console.log(await work());

// 1. The code as an operation of Effection. A timeout is an error.
console.log(
  await run(function* () {
    return yield* fromCancellable(new Cancellable(), work);
  }),
);
console.log(
  await run(function* () {
    try {
      return yield* fromCancellable(Cancellable.withTimeout(20), () => sleep({ hours: 1 }));
    } catch (error) {
      return `failed: ${/** @type {any} */ (error).reason}`;
    }
  }),
);

// 2. Halting the task cancels the operation and waits for its clean-up.
const begun = new Event();
const backup = new Cancellable({ name: "backup" });
await run(function* () {
  const task = yield* spawn(() =>
    fromCancellable(backup, async (op) => {
      begun.set();
      try {
        await sleep({ hours: 1 });
      } finally {
        await op.shield(() => sleep(5));
        console.log("cleaned up");
      }
    }),
  );
  yield* call(() => begun.wait());
  yield* task.halt();
});
console.log(backup.label, backup.status, backup.context.cancelReason);

// 3. An operation of Effection inside an operation of this library. Cancelling halts it.
const outcome = await Cancellable.withTimeout(20).settle(() =>
  toCancellable(function* () {
    yield* ensure(() => console.log("halted"));
    yield* suspend();
  }),
);
console.log(outcome.status);

// prints:
// 3 tasks on native
// 3 tasks on effection
// failed: timeout
// cleaned up
// operation "backup" cancelled parent
// halted
// cancelled
