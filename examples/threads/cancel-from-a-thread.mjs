// @ts-check
// A thread cancels the work of the main thread: with a token in shared memory, which also a loop without await sees.
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { Cancellable, isCancellation, once, sleep } from "@hother/cancelable";
import { checkEvery, SharedCancellationToken } from "@hother/cancelable/threads";

/** The thread: stands for a watchdog, or for a keyboard listener. @param {string} message */
function cancelFromThread(message) {
  return new Worker(new URL(import.meta.url), { workerData: { handle: token.handle, message } });
}
let token = new SharedCancellationToken();

async function main() {
  // 1. Async work waits in a scope that follows the token.
  const waiting = Cancellable.withToken(token, { name: "waiting" });
  const ending = waiting.settle(() => sleep({ hours: 1 }));
  const first = once(cancelFromThread("the watchdog has seen enough"), "exit");
  console.log(waiting.label, (await ending).status, "-", waiting.context.cancelMessage);
  await first;
  token.close();

  // 2. A loop without await. No event can reach this thread, but its check reads the shared memory.
  token = new SharedCancellationToken();
  const second = once(cancelFromThread("the user pressed escape"), "exit");
  const check = checkEvery(1_000, token);
  try {
    for (;;) check();
  } catch (error) {
    if (!isCancellation(error)) throw error;
    console.log("the loop ends -", error.message);
  }
  await second;
  token.close();
}

if (isMainThread) await main();
else SharedCancellationToken.attach(workerData.handle).cancel("manual", workerData.message);

// prints:
// operation "waiting" cancelled - the watchdog has seen enough
// the loop ends - the user pressed escape
